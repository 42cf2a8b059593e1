import numpy as np


class CrossEntropyLoss:
    """forward keeps the probabilities, backward only uses those; the loss is an np.float32"""

    def forward(self, x, y):
        shifted = (x.T - x.max(1)).T
        self.p = np.exp(shifted)
        self.p /= self.p.sum(1)[:, None]
        self.hot = y[:, None] == np.arange(x.shape[1])
        logs = shifted - np.log(np.exp(shifted).sum(1))[:, None]
        return np.float32(-logs[self.hot].mean())

    def backward(self, x, y):
        return (self.p - self.hot) / self.p.shape[0]
