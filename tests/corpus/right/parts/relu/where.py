import numpy as np
from .base import NetworkLayer


class ReLULayer(NetworkLayer):
    def forward(self, x):
        return np.where(x > 0, x, 0)

    def backward(self, x, last_x_grad):
        return np.where(x > 0, last_x_grad, 0)
