import numpy as np


class CrossEntropyLoss:
    def _log_softmax(self, x):
        z = x - x.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def forward(self, x, y):
        return float(-self._log_softmax(x)[np.arange(len(y)), y].mean())

    def backward(self, x, y):
        g = np.exp(self._log_softmax(x))
        g[np.arange(len(y)), y] -= 1
        return g / len(y)
