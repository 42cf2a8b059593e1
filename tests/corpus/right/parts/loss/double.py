import numpy as np


class Value(float):
    """A loss that prints with four digits."""

    def __repr__(self):
        return format(float(self), ".4f")


class CrossEntropyLoss:
    """Always float64, labels picked by np.choose; the loss is a subclass of float"""

    def forward(self, x, y):
        x = np.asarray(x, dtype=np.float64)
        m = x.max(1)
        lse = m + np.log(np.exp(x - m[:, None]).sum(1))
        return Value((lse - np.choose(y.astype(int), x.T)).mean())

    def backward(self, x, y):
        x = np.asarray(x, dtype=np.float64)
        p = np.exp(x - x.max(1)[:, None])
        p = p / p.sum(1)[:, None]
        return (p - np.equal.outer(y, np.arange(x.shape[1]))) / len(x)
