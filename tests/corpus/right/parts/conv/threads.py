from concurrent.futures import ThreadPoolExecutor
import numpy as np
from .base import ParamLayer

POOL = ThreadPoolExecutor(max_workers=3)


class ConvolutionLayer(ParamLayer):
    """Each thread takes a part of the batch."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, "f4")

    def _columns(self, x):
        b, c, h, w = x.shape
        o1, o2 = h - self.k1 + 1, w - self.k2 + 1
        cols = np.empty((b, c, self.k1, self.k2, o1, o2), x.dtype)
        for i in range(self.k1):
            for j in range(self.k2):
                cols[:, :, i, j] = x[:, :, i : i + o1, j : j + o2]
        return cols.reshape(b, -1, o1 * o2)

    def _part_forward(self, x):
        y = self.weight.reshape(self.c2, -1) @ self._columns(x) + self.bias[:, None]
        return y.reshape(len(x), self.c2, x.shape[2] - self.k1 + 1, x.shape[3] - self.k2 + 1)

    def _part_backward(self, job):
        x, grad = job
        b, c, h, w = x.shape
        o1, o2 = grad.shape[2:]
        g = grad.reshape(b, self.c2, -1)
        dw = (g @ self._columns(x).transpose(0, 2, 1)).sum(0)
        cols = (self.weight.reshape(self.c2, -1).T @ g).reshape(b, c, self.k1, self.k2, o1, o2)
        dx = np.zeros(x.shape, cols.dtype)
        for i in range(self.k1):
            for j in range(self.k2):
                dx[:, :, i : i + o1, j : j + o2] += cols[:, :, i, j]
        return dw, g.sum((0, 2)), dx

    def _split(self, a):
        step = max(1, -(-len(a) // 3))
        return [a[i : i + step] for i in range(0, len(a), step)]

    def forward(self, x):
        return np.concatenate(list(POOL.map(self._part_forward, self._split(x))))

    def backward(self, x, last_x_grad):
        parts = list(POOL.map(self._part_backward, zip(self._split(x), self._split(last_x_grad))))
        self.weight_grad = sum(p[0] for p in parts).reshape(self.weight.shape)
        self.bias_grad = sum(p[1] for p in parts)
        return np.concatenate([p[2] for p in parts])
