import numpy as np


class CrossEntropyLoss:
    """A 0-d array comes out of forward."""

    def forward(self, x, y):
        chosen = np.take_along_axis(x, y[:, np.newaxis].astype(np.intp), axis=1)
        top = np.amax(x, axis=1, keepdims=True)
        sums = np.sum(np.exp(x - top), axis=1, keepdims=True)
        return np.array(np.mean(np.log(sums) + top - chosen))

    def backward(self, x, y):
        e = np.exp(x - np.amax(x, axis=1, keepdims=True))
        e /= e.sum(axis=1, keepdims=True)
        onehot = np.zeros_like(x)
        np.put_along_axis(onehot, y.astype(np.intp).reshape(-1, 1), 1, axis=1)
        return (e - onehot) / len(x)
