import numpy as np


class CrossEntropyLoss(object):
    """numpy's own stable logarithm of a sum of exponentials, one-hot by np.eye"""

    def forward(self, x, y):
        onehot = np.eye(x.shape[1], dtype=x.dtype)[y]
        return np.mean(np.logaddexp.reduce(x, axis=1) - (x * onehot).sum(1))

    def backward(self, x, y):
        onehot = np.eye(x.shape[1], dtype=x.dtype)[y]
        p = np.exp(x - np.logaddexp.reduce(x, axis=1, keepdims=True))
        return (p - onehot) / x.dtype.type(x.shape[0])
