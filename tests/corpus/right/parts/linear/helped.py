import numpy as np
from .base import ParamLayer
from .helpers import initial


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = initial(d1, (d1, d2))
        self.bias = np.zeros(d2, self.weight.dtype)

    def forward(self, x):
        return np.matmul(x, self.weight) + self.bias

    def backward(self, x, last_x_grad):
        self.weight_grad = np.matmul(np.transpose(x), last_x_grad)
        self.bias_grad = np.sum(last_x_grad, 0)
        return np.matmul(last_x_grad, np.transpose(self.weight))
