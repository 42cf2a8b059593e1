import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Batch last in memory: every copy is one long run."""

    def __init__(self, c1, c2, k1, k2):
        self.dims = c1, c2, k1, k2
        self.weight = np.float32(np.sqrt(2 / (c1 * k1 * k2))) * np.random.standard_normal(
            (c2, c1, k1, k2)
        ).astype(np.float32)
        self.bias = np.zeros(c2, np.float32)

    def _unfold(self, x):
        c1, c2, k1, k2 = self.dims
        xt = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
        _, h, w, b = xt.shape
        cols = np.empty((c1, k1, k2, h - k1 + 1, w - k2 + 1, b), xt.dtype)
        for i in range(k1):
            for j in range(k2):
                cols[:, i, j] = xt[:, i : i + h - k1 + 1, j : j + w - k2 + 1]
        return cols.reshape(c1 * k1 * k2, -1)

    def forward(self, x):
        c1, c2, k1, k2 = self.dims
        b, _, h, w = x.shape
        y = self.weight.reshape(c2, -1) @ self._unfold(x) + self.bias[:, None]
        return y.reshape(c2, h - k1 + 1, w - k2 + 1, b).transpose(3, 0, 1, 2)

    def backward(self, x, last_x_grad):
        c1, c2, k1, k2 = self.dims
        b, _, h, w = x.shape
        g = np.ascontiguousarray(last_x_grad.transpose(1, 2, 3, 0)).reshape(c2, -1)
        self.weight_grad = (g @ self._unfold(x).T).reshape(c2, c1, k1, k2)
        self.bias_grad = g.sum(1)
        d = (self.weight.reshape(c2, -1).T @ g).reshape(c1, k1, k2, h - k1 + 1, w - k2 + 1, b)
        dx = np.zeros((c1, h, w, b), d.dtype)
        for i in range(k1):
            for j in range(k2):
                dx[:, i : i + h - k1 + 1, j : j + w - k2 + 1] += d[:, i, j]
        return dx.transpose(3, 0, 1, 2)
