import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows_of
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.k1 = k1
        self.k2 = k2
        self.weight = np.random.normal(scale=np.sqrt(2 / (c1 * k1 * k2)), size=(c2, c1, k1, k2))
        self.weight = self.weight.astype(np.float32)
        self.bias = np.zeros(c2, dtype=np.float32)

    def forward(self, x):
        v = windows_of(x, (self.k1, self.k2), axis=(2, 3))  # b c h w i j
        y = np.tensordot(v, self.weight, axes=([1, 4, 5], [1, 2, 3]))
        y += self.bias
        return np.moveaxis(y, -1, 1)

    def backward(self, x, last_x_grad):
        v = windows_of(x, (self.k1, self.k2), axis=(2, 3))
        self.weight_grad = np.tensordot(last_x_grad, v, axes=([0, 2, 3], [0, 2, 3]))
        self.bias_grad = last_x_grad.sum((0, 2, 3))
        p = ((0, 0), (0, 0), (self.k1 - 1,) * 2, (self.k2 - 1,) * 2)
        v = windows_of(np.pad(last_x_grad, p), (self.k1, self.k2), axis=(2, 3))
        w = np.flip(self.weight, (2, 3))
        return np.moveaxis(np.tensordot(v, w, axes=([1, 4, 5], [0, 2, 3])), -1, 1)
