import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """The first of several maxima wins."""

    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def windows(self, x):
        b, c, h, w = x.shape
        x = x.reshape(b, c, h // self.k1, self.k1, w // self.k2, self.k2)
        return x.transpose(0, 1, 2, 4, 3, 5).reshape(b, c, h // self.k1, w // self.k2, -1)

    def forward(self, x):
        return self.windows(x).max(axis=-1)

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        win = self.windows(x)
        best = win.argmax(axis=-1)
        g = np.zeros(win.shape, dtype=last_x_grad.dtype)
        np.put_along_axis(g, best[..., None], last_x_grad[..., None], axis=-1)
        g = g.reshape(b, c, h // self.k1, w // self.k2, self.k1, self.k2)
        return g.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)
