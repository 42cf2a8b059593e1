import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    """Keeps the matrix transposed, as PyTorch does, and answers in Fortran order."""

    def __init__(self, d1, d2):
        self._w = np.random.normal(0, (2 / d1) ** 0.5, (d2, d1)).astype(np.float32)
        self._g = np.zeros_like(self._w)
        self.bias, self.bias_grad = np.zeros(d2, np.float32), np.zeros(d2, np.float32)

    @property
    def weight(self):
        return self._w.T

    @weight.setter
    def weight(self, value):
        self._w = np.array(value).T.copy()

    @property
    def weight_grad(self):
        return self._g.T

    @weight_grad.setter
    def weight_grad(self, value):
        self._g = np.array(value).T.copy()

    def forward(self, x):
        return (self._w @ x.T).T + self.bias

    def backward(self, x, last_x_grad):
        self._g = last_x_grad.T @ x
        self.bias_grad = last_x_grad.sum(0)
        return (self._w.T @ last_x_grad.T).T
