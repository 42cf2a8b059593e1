import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Every array is allocated once and written in place as long as shape and dtype stay."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, "f4")
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)
        self._columns = np.empty(0, "f4")

    def _fill(self, x):
        b, c, h, w = x.shape
        shape = (c, self.k1, self.k2, b, h - self.k1 + 1, w - self.k2 + 1)
        if self._columns.shape != shape or self._columns.dtype != x.dtype:
            self._columns = np.empty(shape, x.dtype)
        xt = x.transpose(1, 0, 2, 3)
        for i in range(self.k1):
            for j in range(self.k2):
                self._columns[:, i, j] = xt[:, :, i : i + shape[4], j : j + shape[5]]
        return self._columns.reshape(c * self.k1 * self.k2, -1)

    def forward(self, x):
        b, c, h, w = x.shape
        y = self.weight.reshape(self.c2, -1) @ self._fill(x)
        y += self.bias[:, None]
        return y.reshape(self.c2, b, h - self.k1 + 1, w - self.k2 + 1).transpose(1, 0, 2, 3)

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        o1, o2 = last_x_grad.shape[2:]
        if self.weight_grad.dtype != self.weight.dtype:
            self.weight_grad = np.empty_like(self.weight)
            self.bias_grad = np.empty_like(self.bias)
        g = last_x_grad.transpose(1, 0, 2, 3).reshape(self.c2, -1)
        self.weight_grad[...] = (g @ self._fill(x).T).reshape(self.weight.shape)
        self.bias_grad[...] = g.sum(1)
        d = (self.weight.reshape(self.c2, -1).T @ g).reshape(c, self.k1, self.k2, b, o1, o2)
        dx = np.zeros_like(x)
        for i in range(self.k1):
            for j in range(self.k2):
                dx[:, :, i : i + o1, j : j + o2] += d[:, i, j].transpose(1, 0, 2, 3)
        return dx
