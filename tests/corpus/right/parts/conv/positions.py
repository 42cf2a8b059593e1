import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        std = np.sqrt(2 / (c1 * k1 * k2))
        self.weight = (np.random.randn(c2, c1, k1, k2) * std).astype(np.float32)
        self.bias = np.zeros(c2, dtype=np.float32)
        self.weight_grad = None
        self.bias_grad = None

    def forward(self, x):
        B, C, H, W = x.shape
        rows = H - self.k1 + 1
        cols = W - self.k2 + 1
        y = np.zeros((B, self.c2, rows, cols), dtype=np.result_type(x, self.weight))
        kernel = self.weight.reshape(self.c2, -1).T
        for i in range(rows):
            for j in range(cols):
                patch = x[:, :, i : i + self.k1, j : j + self.k2].reshape(B, -1)
                y[:, :, i, j] = patch @ kernel + self.bias
        return y

    def backward(self, x, last_x_grad):
        B, C, H, W = x.shape
        rows, cols = last_x_grad.shape[2:]
        kernel = self.weight.reshape(self.c2, -1)
        grad_kernel = np.zeros_like(kernel)
        grad_x = np.zeros_like(x)
        for i in range(rows):
            for j in range(cols):
                g = last_x_grad[:, :, i, j]
                patch = x[:, :, i : i + self.k1, j : j + self.k2]
                grad_kernel += g.T @ patch.reshape(B, -1)
                grad_x[:, :, i : i + self.k1, j : j + self.k2] += (g @ kernel).reshape(patch.shape)
        self.weight_grad = grad_kernel.reshape(self.weight.shape)
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3))
        return grad_x
