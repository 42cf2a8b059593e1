import numpy as np
from .base import ParamLayer


def im2col(x, k1, k2):
    """(B, C, H, W) -> (B * o1 * o2, C * k1 * k2)"""
    b, c, h, w = x.shape
    o1, o2 = h - k1 + 1, w - k2 + 1
    cols = np.empty((b, o1, o2, c, k1, k2), dtype=x.dtype)
    for i in range(k1):
        for j in range(k2):
            cols[:, :, :, :, i, j] = x[:, :, i : i + o1, j : j + o2].transpose(0, 2, 3, 1)
    return cols.reshape(b * o1 * o2, c * k1 * k2)


def col2im(cols, shape, k1, k2):
    b, c, h, w = shape
    o1, o2 = h - k1 + 1, w - k2 + 1
    cols = cols.reshape(b, o1, o2, c, k1, k2).transpose(0, 3, 4, 5, 1, 2)
    x = np.zeros(shape, dtype=cols.dtype)
    for i in range(k1):
        for j in range(k2):
            x[:, :, i : i + o1, j : j + o2] += cols[:, :, i, j]
    return x


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        std = np.sqrt(2.0 / (c1 * k1 * k2))
        self.weight = np.random.normal(0.0, std, size=(c2, c1, k1, k2)).astype(np.float32)
        self.bias = np.zeros((c2,), dtype=np.float32)
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, x):
        b, _, h, w = x.shape
        y = im2col(x, self.k1, self.k2) @ self.weight.reshape(self.c2, -1).T + self.bias
        return y.reshape(b, h - self.k1 + 1, w - self.k2 + 1, self.c2).transpose(0, 3, 1, 2)

    def backward(self, x, last_x_grad):
        g = last_x_grad.transpose(0, 2, 3, 1).reshape(-1, self.c2)
        self.weight_grad = (g.T @ im2col(x, self.k1, self.k2)).reshape(self.weight.shape)
        self.bias_grad = g.sum(axis=0)
        return col2im(g @ self.weight.reshape(self.c2, -1), x.shape, self.k1, self.k2)
