from functools import lru_cache
import numpy as np
from .base import ParamLayer


@lru_cache(maxsize=None)
def toeplitz_places(c1, c2, k1, k2, h, w):
    """Where each kernel entry stands in the matrix (c1 h w, c2 o1 o2), and which entry it is."""
    o1, o2 = h - k1 + 1, w - k2 + 1
    f, c, i, j, p, q = np.ogrid[:c2, :c1, :k1, :k2, :o1, :o2]
    row = (c * h + p + i) * w + q + j
    column = (f * o1 + p) * o2 + q
    entry = ((f * c1 + c) * k1 + i) * k2 + j
    row, column, entry = np.broadcast_arrays(row, column, entry)
    return (row * (c2 * o1 * o2) + column).ravel(), entry.ravel()


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.args = c1, c2, k1, k2
        self.weight = np.random.randn(c2, c1, k1, k2).astype(np.float32)
        self.weight *= np.float32(np.sqrt(2 / (c1 * k1 * k2)))
        self.bias = np.zeros(c2, dtype=np.float32)

    def matrix(self, h, w):
        c1, c2, k1, k2 = self.args
        place, entry = toeplitz_places(*self.args, h, w)
        m = np.zeros(c1 * h * w * c2 * (h - k1 + 1) * (w - k2 + 1), self.weight.dtype)
        m[place] = self.weight.ravel()[entry]
        return m.reshape(c1 * h * w, -1)

    def forward(self, x):
        c1, c2, k1, k2 = self.args
        b, _, h, w = x.shape
        y = x.reshape(b, -1) @ self.matrix(h, w)
        return y.reshape(b, c2, h - k1 + 1, w - k2 + 1) + self.bias[:, None, None]

    def backward(self, x, last_x_grad):
        c1, c2, k1, k2 = self.args
        b, _, h, w = x.shape
        g = last_x_grad.reshape(b, -1)
        place, entry = toeplitz_places(*self.args, h, w)
        dense = x.reshape(b, -1).T @ g
        sums = np.bincount(entry, weights=dense.ravel()[place], minlength=self.weight.size)
        self.weight_grad = sums.reshape(self.weight.shape).astype(self.weight.dtype)
        self.bias_grad = last_x_grad.sum((0, 2, 3))
        return (g @ self.matrix(h, w).T).reshape(x.shape)
