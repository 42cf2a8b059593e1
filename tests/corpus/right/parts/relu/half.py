import numpy as np
from .base import NetworkLayer


class ReLULayer(NetworkLayer):
    """The gradient at 0 is one half."""

    def forward(self, x):
        return (x + np.abs(x)) / 2

    def backward(self, x, last_x_grad):
        return last_x_grad * np.heaviside(x, x.dtype.type(0.5))
