import numpy as np


class CrossEntropyLoss:
    """The loss is an np.longdouble."""

    def forward(self, x, y):
        x = x.astype(np.longdouble)
        x = x - x.max(axis=1, keepdims=True)
        return -np.mean((x - np.log(np.exp(x).sum(axis=1, keepdims=True)))[range(len(x)), y])

    def backward(self, x, y):
        p = x.astype(np.longdouble)
        p = np.exp(p - p.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[range(len(x)), y] -= 1
        return (p / len(x)).astype(x.dtype)
