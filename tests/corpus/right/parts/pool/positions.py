import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        B, C, H, W = x.shape
        y = np.zeros((B, C, H // self.k1, W // self.k2), dtype=x.dtype)
        for i in range(H // self.k1):
            for j in range(W // self.k2):
                window = x[:, :, i * self.k1 : (i + 1) * self.k1, j * self.k2 : (j + 1) * self.k2]
                y[:, :, i, j] = window.max(axis=(2, 3))
        return y

    def backward(self, x, last_x_grad):
        B, C, H, W = x.shape
        x_grad = np.zeros_like(x)
        b, c = np.meshgrid(np.arange(B), np.arange(C), indexing="ij")
        for i in range(H // self.k1):
            for j in range(W // self.k2):
                window = x[:, :, i * self.k1 : (i + 1) * self.k1, j * self.k2 : (j + 1) * self.k2]
                r, s = np.unravel_index(window.reshape(B, C, -1).argmax(-1), (self.k1, self.k2))
                x_grad[b, c, i * self.k1 + r, j * self.k2 + s] = last_x_grad[:, :, i, j]
        return x_grad
