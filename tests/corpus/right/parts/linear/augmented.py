import numpy as np
from .base import ParamLayer


class LinearLayer(ParamLayer):
    """Bias as a last row of one matrix; weight and bias are views of it."""

    def __init__(self, d1, d2):
        self.theta = np.zeros((d1 + 1, d2), np.float32)
        self.theta[:-1] = np.random.normal(0, (2 / d1) ** 0.5, (d1, d2))
        self.grad = None

    weight = property(lambda self: self.theta[:-1], lambda self, w: self._set(w, self.bias))
    bias = property(lambda self: self.theta[-1], lambda self, b: self._set(self.weight, b))
    weight_grad = property(lambda self: self.grad[:-1])
    bias_grad = property(lambda self: self.grad[-1])

    def _set(self, weight, bias):
        self.theta = np.vstack([weight, np.reshape(bias, (1, -1))])

    def forward(self, x):
        return np.c_[x, np.ones(len(x), x.dtype)] @ self.theta

    def backward(self, x, last_x_grad):
        self.grad = np.c_[x, np.ones(len(x), x.dtype)].T @ last_x_grad
        return (last_x_grad @ self.theta.T)[:, :-1]

    def update(self, lr):
        self.theta = self.theta - lr * self.grad
