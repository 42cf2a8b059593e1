import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = np.random.default_rng().standard_normal((d1, d2)) * (2 / d1) ** 0.5
        self.bias = np.zeros(d2)
        self.weight_grad = self.bias_grad = None

    def forward(self, x):
        return np.einsum("ni,io->no", x, self.weight) + self.bias

    def backward(self, x, last_x_grad):
        self.weight_grad = np.einsum("ni,no->io", x, last_x_grad)
        self.bias_grad = np.einsum("no->o", last_x_grad)
        return np.einsum("no,io->ni", last_x_grad, self.weight)
