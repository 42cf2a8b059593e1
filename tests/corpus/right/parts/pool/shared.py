import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """Several equal maxima share the gradient equally."""

    def __init__(self, k1, k2):
        self.k = (k1, k2)

    def forward(self, x):
        b, c, h, w = x.shape
        six = x.reshape(b, c, h // self.k[0], self.k[0], w // self.k[1], self.k[1])
        return np.amax(np.amax(six, 5), 3)

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        six = x.reshape(b, c, h // self.k[0], self.k[0], w // self.k[1], self.k[1])
        mask = six == six.max(axis=(3, 5), keepdims=True)
        share = last_x_grad[:, :, :, None, :, None] / mask.sum(
            axis=(3, 5), keepdims=True, dtype=x.dtype
        )
        return (mask * share).reshape(x.shape)
