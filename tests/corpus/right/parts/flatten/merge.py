from .base import NetworkLayer


class FlattenLayer(NetworkLayer):
    """Joins two neighbouring axes at a time."""

    def __init__(self, start=1, end=-1):
        self._range = start, end

    def forward(self, x):
        start, end = self._range
        if start < 0:
            start += x.ndim
        if end < 0:
            end += x.ndim
        for _ in range(end - start):
            s = x.shape
            x = x.reshape(*s[:start], s[start] * s[start + 1], *s[start + 2 :])
        return x

    def backward(self, x, last_x_grad):
        return last_x_grad.reshape(*x.shape)
