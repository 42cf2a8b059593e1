import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """maximum.reduceat down, repeat up; ties share by their number."""

    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def _down(self, ufunc, x):
        x = ufunc.reduceat(x, np.arange(0, x.shape[2], self.k1), axis=2)
        return ufunc.reduceat(x, np.arange(0, x.shape[3], self.k2), axis=3)

    def _up(self, y):
        return y.repeat(self.k1, axis=2).repeat(self.k2, axis=3)

    def forward(self, x):
        return self._down(np.maximum, x)

    def backward(self, x, last_x_grad):
        wins = np.equal(x, self._up(self.forward(x))).astype(x.dtype)
        return wins * self._up(last_x_grad / self._down(np.add, wins))
