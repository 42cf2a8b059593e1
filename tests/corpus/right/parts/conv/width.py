import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Only the width is unfolded, to (H, C, k2, o2 B): k1 rows together are a column matrix."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, "f4")
        self._seen = None

    def _rows(self, x):
        b, c, h, w = x.shape
        o2 = w - self.k2 + 1
        t = x.transpose(2, 1, 3, 0)
        rows = np.empty((h, c, self.k2, o2, b), x.dtype)
        for j in range(self.k2):
            rows[:, :, j] = t[:, :, j : j + o2]
        return rows.reshape(h * c * self.k2, o2 * b)

    def forward(self, x):
        b, c, h, w = x.shape
        o1, o2 = h - self.k1 + 1, w - self.k2 + 1
        rows, step = self._rows(x), c * self.k2
        self._seen = rows
        kernel = self.weight.transpose(0, 2, 1, 3).reshape(self.c2, -1)
        y = np.empty((o1, self.c2, o2 * b), np.result_type(x, self.weight))
        for i in range(o1):
            np.matmul(kernel, rows[i * step : (i + self.k1) * step], out=y[i])
        y += self.bias[:, None]
        return y.reshape(o1, self.c2, o2, b).transpose(3, 1, 0, 2)

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        o1, o2 = last_x_grad.shape[2:]
        step, rows = c * self.k2, self._seen
        kernel = np.ascontiguousarray(self.weight.transpose(0, 2, 1, 3).reshape(self.c2, -1))
        g = np.ascontiguousarray(last_x_grad.transpose(2, 1, 3, 0)).reshape(o1, self.c2, o2 * b)
        dk = np.zeros(kernel.shape, kernel.dtype)
        drows = np.zeros(rows.shape, np.result_type(g, kernel))
        for i in range(o1):
            part = slice(i * step, (i + self.k1) * step)
            dk += g[i] @ rows[part].T
            drows[part] += kernel.T @ g[i]
        self.weight_grad = dk.reshape(self.c2, self.k1, c, self.k2).transpose(0, 2, 1, 3)
        self.bias_grad = g.sum((0, 2))
        drows = drows.reshape(h, c, self.k2, o2, b)
        dx = np.zeros((h, c, w, b), drows.dtype)
        for j in range(self.k2):
            dx[:, :, j : j + o2] += drows[:, :, j]
        return dx.transpose(3, 1, 0, 2)
