import numpy as np
from numpy.lib.stride_tricks import as_strided
from .base import ParamLayer


def all_windows(x, k1, k2):
    b, c, h, w = x.shape
    sb, sc, sh, sw = x.strides
    return as_strided(x, (b, c, k1, k2, h - k1 + 1, w - k2 + 1), (sb, sc, sh, sw, sh, sw))


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.weight = np.random.randn(c2, c1, k1, k2) * (2 / (c1 * k1 * k2)) ** 0.5
        self.weight = np.asfortranarray(self.weight.astype(np.float32))
        self.bias = np.zeros(c2, dtype=np.float32)

    def forward(self, x):
        c2, c1, k1, k2 = self.weight.shape
        win = all_windows(x, k1, k2)
        y = np.tensordot(self.weight, win, ((1, 2, 3), (1, 2, 3)))  # c2 b o1 o2
        return np.swapaxes(y, 0, 1) + self.bias[np.newaxis, :, np.newaxis, np.newaxis]

    def backward(self, x, last_x_grad):
        c2, c1, k1, k2 = self.weight.shape
        win = all_windows(x, k1, k2)
        self.weight_grad = np.tensordot(last_x_grad, win, ((0, 2, 3), (0, 4, 5)))
        self.bias_grad = np.add.reduce(last_x_grad, (0, 2, 3))
        b, _, o1, o2 = last_x_grad.shape
        big = np.zeros((b, c2, o1 + 2 * (k1 - 1), o2 + 2 * (k2 - 1)), last_x_grad.dtype)
        big[:, :, k1 - 1 : k1 - 1 + o1, k2 - 1 : k2 - 1 + o2] = last_x_grad
        turned = self.weight[:, :, ::-1, ::-1]
        dx = np.tensordot(turned, all_windows(big, k1, k2), ((0, 2, 3), (1, 2, 3)))
        return dx.swapaxes(0, 1)
