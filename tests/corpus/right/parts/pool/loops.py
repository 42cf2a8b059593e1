import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        n, c, h, w = x.shape
        out = np.zeros((n, c, h // self.k1, w // self.k2))
        for image in range(n):
            for channel in range(c):
                for i in range(out.shape[2]):
                    for j in range(out.shape[3]):
                        top, left = i * self.k1, j * self.k2
                        window = x[image, channel, top : top + self.k1, left : left + self.k2]
                        out[image, channel, i, j] = np.max(window)
        return out

    def backward(self, x, last_x_grad):
        dx = np.zeros(x.shape)
        n, c, rows, cols = last_x_grad.shape
        for image in range(n):
            for channel in range(c):
                for i in range(rows):
                    for j in range(cols):
                        top, left = i * self.k1, j * self.k2
                        window = x[image, channel, top : top + self.k1, left : left + self.k2]
                        a, b = np.unravel_index(np.argmax(window), window.shape)
                        dx[image, channel, top + a, left + b] += last_x_grad[image, channel, i, j]
        return dx
