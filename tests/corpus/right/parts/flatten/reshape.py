from .base import NetworkLayer


class FlattenLayer(NetworkLayer):
    def __init__(self, start=1, end=-1):
        self.start, self.end = start, end

    def forward(self, x):
        start, end = self.start % x.ndim, self.end % x.ndim
        return x.reshape(x.shape[:start] + (-1,) + x.shape[end + 1 :])

    def backward(self, x, last_x_grad):
        return last_x_grad.reshape(x.shape)
