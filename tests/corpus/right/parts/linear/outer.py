import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    """One sample at a time."""

    def __init__(self, d1, d2):
        self.d1, self.d2 = d1, d2
        self.weight = (np.random.randn(d1, d2) * np.sqrt(2 / d1)).astype(np.float32)
        self.bias = np.zeros(d2, np.float32)

    def forward(self, x):
        return np.array([row.dot(self.weight) + self.bias for row in x])

    def backward(self, x, last_x_grad):
        self.weight_grad = np.zeros((self.d1, self.d2), x.dtype)
        self.bias_grad = np.zeros(self.d2, x.dtype)
        x_grad = np.empty_like(x)
        for n, (row, grad) in enumerate(zip(x, last_x_grad)):
            self.weight_grad += np.outer(row, grad)
            self.bias_grad += grad
            x_grad[n] = self.weight.dot(grad)
        return x_grad
