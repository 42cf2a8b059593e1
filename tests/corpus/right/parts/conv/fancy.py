import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Columns through index arrays; the way back with np.add.at."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, dtype="f4")

    def indices(self, h, w):
        o1, o2 = h - self.k1 + 1, w - self.k2 + 1
        c = np.repeat(np.arange(self.c1), self.k1 * self.k2)[:, None]
        i0 = np.tile(np.repeat(np.arange(self.k1), self.k2), self.c1)
        j0 = np.tile(np.arange(self.k2), self.k1 * self.c1)
        i1 = np.repeat(np.arange(o1), o2)
        j1 = np.tile(np.arange(o2), o1)
        return c, i0[:, None] + i1, j0[:, None] + j1, o1, o2

    def forward(self, x):
        c, i, j, o1, o2 = self.indices(*x.shape[2:])
        col = x[:, c, i, j]  # B, c1 k1 k2, o1 o2
        out = np.matmul(self.weight.reshape(self.c2, -1), col)
        return (out + self.bias.reshape(1, -1, 1)).reshape(len(x), self.c2, o1, o2)

    def backward(self, x, last_x_grad):
        c, i, j, o1, o2 = self.indices(*x.shape[2:])
        g = last_x_grad.reshape(len(x), self.c2, -1)
        self.bias_grad = g.sum(2).sum(0)
        self.weight_grad = np.zeros(self.weight.shape, self.weight.dtype)
        for image, grad in zip(x, g):
            self.weight_grad += (grad @ image[c, i, j].T).reshape(self.weight.shape)
        dcol = np.matmul(self.weight.reshape(self.c2, -1).T, g)
        dx = np.zeros(x.shape, dcol.dtype)
        np.add.at(dx, (slice(None), c, i, j), dcol)
        return dx
