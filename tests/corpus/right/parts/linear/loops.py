import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = np.random.normal(0, (2 / d1) ** 0.5, (d1, d2))
        self.bias = np.zeros(d2)
        self.weight_grad = self.bias_grad = None

    def forward(self, x):
        out = np.zeros((len(x), len(self.bias)))
        for n in range(len(x)):
            for j in range(len(self.bias)):
                out[n, j] = np.dot(x[n], self.weight[:, j]) + self.bias[j]
        return out

    def backward(self, x, last_x_grad):
        self.weight_grad, self.bias_grad = np.zeros_like(self.weight), np.zeros_like(self.bias)
        dx = np.zeros(x.shape)
        for n in range(len(x)):
            for j in range(len(self.bias)):
                self.weight_grad[:, j] += x[n] * last_x_grad[n, j]
                self.bias_grad[j] += last_x_grad[n, j]
                dx[n] += self.weight[:, j] * last_x_grad[n, j]
        return dx
