from .base import NetworkLayer


class ReLULayer(NetworkLayer):
    def forward(self, x):
        y = x.copy()
        y[y < 0] = 0
        return y

    def backward(self, x, last_x_grad):
        g = last_x_grad.copy()
        g[x <= 0] = 0
        return g
