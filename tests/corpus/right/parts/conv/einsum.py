import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        rng = np.random.default_rng()
        self.kernel_size = k1, k2
        self.weight = rng.normal(0, (2 / (c1 * k1 * k2)) ** 0.5, (c2, c1, k1, k2)).astype("float32")
        self.bias = np.zeros(c2, "float32")

    def forward(self, x):
        windows = sliding_window_view(x, self.kernel_size, axis=(2, 3))
        y = np.einsum("bchwij,ocij->bohw", windows, self.weight, optimize=True)
        return y + self.bias[None, :, None, None]

    def backward(self, x, last_x_grad):
        k1, k2 = self.kernel_size
        windows = sliding_window_view(x, (k1, k2), axis=(2, 3))
        self.weight_grad = np.einsum("bchwij,bohw->ocij", windows, last_x_grad, optimize=True)
        self.bias_grad = np.einsum("bohw->o", last_x_grad)
        padded = np.pad(last_x_grad, [(0, 0), (0, 0), (k1 - 1, k1 - 1), (k2 - 1, k2 - 1)])
        windows = sliding_window_view(padded, (k1, k2), axis=(2, 3))
        flipped = self.weight[:, :, ::-1, ::-1]
        return np.einsum("bohwij,ocij->bchw", windows, flipped, optimize=True)
