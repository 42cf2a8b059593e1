import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.k1, self.k2 = k1, k2
        self.weight = np.random.normal(0, (2 / (c1 * k1 * k2)) ** 0.5, (c2, c1, k1, k2))
        self.bias = np.zeros(c2)
        self.weight_grad = self.bias_grad = None

    def forward(self, x):
        n, _, h, w = x.shape
        f = len(self.bias)
        out = np.zeros((n, f, h - self.k1 + 1, w - self.k2 + 1))
        for image in range(n):
            for k in range(f):
                for i in range(out.shape[2]):
                    for j in range(out.shape[3]):
                        window = x[image, :, i : i + self.k1, j : j + self.k2]
                        out[image, k, i, j] = np.sum(window * self.weight[k]) + self.bias[k]
        return out

    def backward(self, x, last_x_grad):
        dx = np.zeros(x.shape)
        dw = np.zeros(self.weight.shape)
        db = np.zeros(self.bias.shape)
        n, f, rows, cols = last_x_grad.shape
        for image in range(n):
            for k in range(f):
                for i in range(rows):
                    for j in range(cols):
                        g = last_x_grad[image, k, i, j]
                        dw[k] += g * x[image, :, i : i + self.k1, j : j + self.k2]
                        dx[image, :, i : i + self.k1, j : j + self.k2] += g * self.weight[k]
                        db[k] += g
        self.weight_grad, self.bias_grad = dw, db
        return dx
