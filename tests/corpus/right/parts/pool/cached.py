import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """Remembers flat indices of the winners; backward never looks at its x."""

    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        b, c, h, w = x.shape
        v = x.reshape(b * c, h // self.k1, self.k1, w // self.k2, self.k2).swapaxes(2, 3)
        v = v.reshape(b * c, h // self.k1, w // self.k2, self.k1 * self.k2)
        a = v.argmax(-1)
        n, p, q = np.ogrid[: b * c, : h // self.k1, : w // self.k2]
        self.flat = (n * h + p * self.k1 + a // self.k2) * w + q * self.k2 + a % self.k2
        self.shape = x.shape
        return np.take(x, self.flat).reshape(b, c, h // self.k1, w // self.k2)

    def backward(self, x, last_x_grad):
        g = np.zeros(self.shape, last_x_grad.dtype)
        np.put(g, self.flat, last_x_grad)
        return g
