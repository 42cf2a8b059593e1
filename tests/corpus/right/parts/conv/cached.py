import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Keeps the columns of the last forward; backward never looks at its x."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, "f4")
        self.cache = None

    def forward(self, x):
        b, c, h, w = x.shape
        o1, o2 = h - self.k1 + 1, w - self.k2 + 1
        cols = np.array(
            [x[:, :, i : i + o1, j : j + o2] for i in range(self.k1) for j in range(self.k2)]
        )
        cols = cols.transpose(2, 0, 1, 3, 4).reshape(c * self.k1 * self.k2, -1)
        self.cache = x.shape, (o1, o2), cols
        y = np.dot(self.weight.reshape(self.c2, -1), cols)
        y += self.bias.reshape(-1, 1)
        return y.reshape(self.c2, b, o1, o2).swapaxes(0, 1)

    def backward(self, x, last_x_grad):
        (b, c, h, w), (o1, o2), cols = self.cache
        g = last_x_grad.swapaxes(0, 1).reshape(self.c2, -1)
        self.weight_grad = np.dot(g, cols.T).reshape(self.weight.shape)
        self.bias_grad = g.sum(axis=1)
        d = np.dot(self.weight.reshape(self.c2, -1).T, g).reshape(c, self.k1, self.k2, b, o1, o2)
        dx = np.zeros((c, b, h, w), d.dtype)
        for i in range(self.k1):
            for j in range(self.k2):
                dx[:, :, i : i + o1, j : j + o2] += d[:, i, j]
        return dx.swapaxes(0, 1)
