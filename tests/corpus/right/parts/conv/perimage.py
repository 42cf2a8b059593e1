import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    def __init__(self, in_channels, out_channels, height, width):
        fan_in = in_channels * height * width
        self.size = (height, width)
        self.weight = np.random.randn(out_channels, in_channels, height, width) / np.sqrt(
            fan_in / 2
        )
        self.bias = np.zeros(out_channels)

    def unfold(self, x):
        k1, k2 = self.size
        b, c, h, w = x.shape
        o1, o2 = h - k1 + 1, w - k2 + 1
        out = np.stack(
            [x[:, :, i : i + o1, j : j + o2] for i in range(k1) for j in range(k2)], axis=2
        )
        return out.reshape(b, c * k1 * k2, o1 * o2)

    def forward(self, x):
        n = len(self.weight)
        out = self.weight.reshape(n, -1) @ self.unfold(x) + self.bias.reshape(n, 1)
        return out.reshape(len(x), n, x.shape[2] - self.size[0] + 1, x.shape[3] - self.size[1] + 1)

    def backward(self, x, last_x_grad):
        (k1, k2), n = self.size, len(self.weight)
        b, c, h, w = x.shape
        o1, o2 = last_x_grad.shape[2:]
        g = last_x_grad.reshape(b, n, o1 * o2)
        per_image = g @ self.unfold(x).swapaxes(1, 2)
        self.weight_grad = per_image.sum(axis=0).reshape(self.weight.shape)
        self.bias_grad = g.sum(axis=(0, 2))
        columns = (self.weight.reshape(n, -1).T @ g).reshape(b, c, k1, k2, o1, o2)
        result = np.zeros(x.shape, columns.dtype)
        for i, j in np.ndindex(k1, k2):
            result[:, :, i : i + o1, j : j + o2] += columns[:, :, i, j]
        return result
