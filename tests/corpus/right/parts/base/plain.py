class NetworkLayer:
    """One stage of the network."""

    def forward(self, x):
        raise NotImplementedError

    def backward(self, x, last_x_grad):
        raise NotImplementedError


class ParamLayer(NetworkLayer):
    """A stage with parameters."""

    def update(self, lr):
        self.weight = self.weight - lr * self.weight_grad
        self.bias = self.bias - lr * self.bias_grad
