import numpy as np
from .base import ParamLayer
from .helpers import initial


class ConvolutionLayer(ParamLayer):
    """One image line after the other; initial weights come from a helper module."""

    def __init__(self, c1, c2, k1, k2):
        self.k1, self.k2 = k1, k2
        self.weight = initial(c1 * k1 * k2, (c2, c1, k1, k2))
        self.bias = np.zeros(c2, self.weight.dtype)

    def _line(self, x, i):
        """What output line i looks at: (c1 k1 k2, B o2)"""
        o2 = x.shape[3] - self.k2 + 1
        band = x[:, :, i : i + self.k1]
        cols = np.stack([band[..., j : j + o2] for j in range(self.k2)])  # k2 B c1 k1 o2
        return cols.transpose(2, 3, 0, 1, 4).reshape(-1, len(x) * o2)

    def forward(self, x):
        b, _, h, w = x.shape
        o1, o2 = h - self.k1 + 1, w - self.k2 + 1
        kernel = self.weight.reshape(len(self.bias), -1)
        lines = [(kernel @ self._line(x, i)).reshape(-1, b, o2) for i in range(o1)]
        return np.stack(lines, axis=2).swapaxes(0, 1) + self.bias[:, None, None]

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        _, c2, o1, o2 = last_x_grad.shape
        kernel = self.weight.reshape(c2, -1)
        gw = np.zeros(kernel.shape, kernel.dtype)
        gx = np.zeros((c, b, h, w), np.result_type(last_x_grad, kernel))
        for i in range(o1):
            g = last_x_grad[:, :, i].swapaxes(0, 1).reshape(c2, b * o2)
            gw += g @ self._line(x, i).T
            d = (kernel.T @ g).reshape(c, self.k1, self.k2, b, o2)
            for j in range(self.k2):
                gx[:, :, i : i + self.k1, j : j + o2] += d[:, :, j].swapaxes(1, 2)
        self.weight_grad = gw.reshape(self.weight.shape)
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3))
        return gx.swapaxes(0, 1)
