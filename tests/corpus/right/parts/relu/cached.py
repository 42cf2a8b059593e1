from .base import NetworkLayer


class ReLULayer(NetworkLayer):
    mask = None

    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, _, last_x_grad):
        return self.mask * last_x_grad
