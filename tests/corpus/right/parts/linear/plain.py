import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = np.random.normal(0, np.sqrt(2 / d1), (d1, d2)).astype(np.float32)
        self.bias = np.zeros(d2, dtype=np.float32)

    def forward(self, x):
        return x @ self.weight + self.bias

    def backward(self, x, last_x_grad):
        self.weight_grad = x.T @ last_x_grad
        self.bias_grad = last_x_grad.sum(axis=0)
        return last_x_grad @ self.weight.T
