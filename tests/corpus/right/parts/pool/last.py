import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """The last of several maxima wins."""

    def __init__(self, k1, k2):
        self.k1 = k1
        self.k2 = k2

    def forward(self, x):
        b, c, h, w = x.shape
        return x.reshape(b, c, h // self.k1, self.k1, w // self.k2, self.k2).max(axis=(3, 5))

    def backward(self, x, last_x_grad):
        b, c, h, w = x.shape
        n = self.k1 * self.k2
        boxes = x.reshape(b, c, h // self.k1, self.k1, w // self.k2, self.k2)
        boxes = boxes.transpose(0, 1, 2, 4, 3, 5).reshape(-1, n)
        winner = n - 1 - np.argmax(boxes[:, ::-1], axis=1)
        out = np.zeros_like(boxes)
        out[np.arange(len(boxes)), winner] = last_x_grad.ravel()
        out = out.reshape(b, c, h // self.k1, w // self.k2, self.k1, self.k2)
        return out.transpose(0, 1, 2, 4, 3, 5).reshape(b, c, h, w)
