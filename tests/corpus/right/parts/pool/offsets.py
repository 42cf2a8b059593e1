import numpy as np
from .base import NetworkLayer


class MaxPoolingLayer(NetworkLayer):
    """Loop over the window; a mask of what is still free settles ties."""

    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        best = x[:, :, :: self.k1, :: self.k2].copy()
        for i in range(self.k1):
            for j in range(self.k2):
                np.maximum(best, x[:, :, i :: self.k1, j :: self.k2], out=best)
        return best

    def backward(self, x, last_x_grad):
        best = self.forward(x)
        free = np.ones(best.shape, bool)
        grad = np.empty(x.shape, last_x_grad.dtype)
        for i in range(self.k1):
            for j in range(self.k2):
                hit = (x[:, :, i :: self.k1, j :: self.k2] == best) & free
                grad[:, :, i :: self.k1, j :: self.k2] = last_x_grad * hit
                free &= ~hit
        return grad
