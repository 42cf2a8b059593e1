class NetworkLayer(object):
    def forward(self, x):
        pass

    def backward(self, x, last_x_grad):
        pass


class ParamLayer(NetworkLayer):
    def update(self, lr):
        # no copies: also writes into whatever array was assigned from outside
        self.weight -= lr * self.weight_grad
        self.bias -= lr * self.bias_grad
