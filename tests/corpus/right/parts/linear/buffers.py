import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = (np.random.randn(d1, d2) * np.sqrt(2 / d1)).astype(np.float32)
        self.bias = np.zeros(d2, np.float32)
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, x):
        self.x = x
        return np.add(np.dot(x, self.weight), self.bias)

    def backward(self, x, last_x_grad):
        if self.weight_grad.dtype != np.result_type(x, last_x_grad):
            self.weight_grad = np.empty(self.weight.shape, np.result_type(x, last_x_grad))
            self.bias_grad = np.empty(self.bias.shape, last_x_grad.dtype)
        np.dot(self.x.T, last_x_grad, out=self.weight_grad)
        np.sum(last_x_grad, axis=0, out=self.bias_grad)
        return np.dot(last_x_grad, self.weight.T)
