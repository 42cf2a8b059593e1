import math
import numpy as np
from .base import NetworkLayer


class FlattenLayer(NetworkLayer):
    def __init__(self, start=1, end=-1):
        self.start = start
        self.end = end

    def forward(self, x):
        axes = list(range(x.ndim))
        first, last = axes[self.start], axes[self.end]
        sizes = list(x.shape)
        sizes[first : last + 1] = [math.prod(sizes[first : last + 1])]
        self.before = x.shape
        return np.array(x).reshape(sizes)

    def backward(self, x, last_x_grad):
        return np.array(last_x_grad).reshape(self.before)
