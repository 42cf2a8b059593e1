import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Sum over the kernel's positions of a 1x1 convolution of the shifted image."""

    def __init__(self, c1, c2, k1, k2):
        self.weight = np.random.normal(0, (2 / (c1 * k1 * k2)) ** 0.5, (c2, c1, k1, k2)).astype(
            np.float32
        )
        self.bias = np.zeros((c2,), np.float32)

    def shifted(self, x, i, j):
        k1, k2 = self.weight.shape[2:]
        part = x[:, :, i : x.shape[2] - k1 + 1 + i, j : x.shape[3] - k2 + 1 + j]
        return part.reshape(part.shape[0], part.shape[1], -1)

    def forward(self, x):
        c2, c1, k1, k2 = self.weight.shape
        b, _, h, w = x.shape
        total = 0
        for i in range(k1):
            for j in range(k2):
                total = total + self.weight[:, :, i, j] @ self.shifted(x, i, j)
        total = total + self.bias[:, None]
        return total.reshape(b, c2, h - k1 + 1, w - k2 + 1)

    def backward(self, x, last_x_grad):
        c2, c1, k1, k2 = self.weight.shape
        o1, o2 = last_x_grad.shape[2:]
        g = last_x_grad.reshape(len(x), c2, o1 * o2)
        gx = np.zeros(x.shape, dtype=x.dtype)
        gw = np.empty_like(self.weight)
        for i in range(k1):
            for j in range(k2):
                gw[:, :, i, j] = (g @ self.shifted(x, i, j).transpose(0, 2, 1)).sum(0)
                back = self.weight[:, :, i, j].T @ g
                gx[:, :, i : i + o1, j : j + o2] += back.reshape(len(x), c1, o1, o2)
        self.weight_grad = gw
        self.bias_grad = g.sum((0, 2))
        return gx
