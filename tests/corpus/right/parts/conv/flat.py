import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """The image as one line: kernel entry (i, j) is a shift by i W + j; row ends are cut off."""

    def __init__(self, c1, c2, k1, k2):
        self.k = (k1, k2)
        self.weight = np.random.randn(c2, c1, k1, k2).astype(np.float32)
        self.weight /= np.sqrt(np.float32(c1 * k1 * k2) / 2)
        self.bias = np.zeros(c2, dtype=np.float32)

    def shifts(self, width):
        return [(i, j, i * width + j) for i in range(self.k[0]) for j in range(self.k[1])]

    def forward(self, x):
        B, C, H, W = x.shape
        o1, o2 = H - self.k[0] + 1, W - self.k[1] + 1
        line = x.reshape(B, C, H * W)
        length = (o1 - 1) * W + o2
        y = np.zeros((B, len(self.bias), o1 * W), np.result_type(x, self.weight))
        for i, j, s in self.shifts(W):
            y[:, :, :length] += self.weight[:, :, i, j] @ line[:, :, s : s + length]
        y += self.bias[:, None]
        return y.reshape(B, -1, o1, W)[..., :o2]

    def backward(self, x, last_x_grad):
        B, C, H, W = x.shape
        o1, o2 = last_x_grad.shape[2:]
        line = x.reshape(B, C, H * W)
        length = (o1 - 1) * W + o2
        g = np.zeros((B, len(self.bias), o1, W), last_x_grad.dtype)
        g[..., :o2] = last_x_grad
        g = g.reshape(B, -1, o1 * W)[:, :, :length]
        dx = np.zeros(line.shape, np.result_type(last_x_grad, self.weight))
        dw = np.zeros(self.weight.shape, np.result_type(last_x_grad, x))
        for i, j, s in self.shifts(W):
            dw[:, :, i, j] = np.matmul(g, line[:, :, s : s + length].transpose(0, 2, 1)).sum(0)
            dx[:, :, s : s + length] += self.weight[:, :, i, j].T @ g
        self.weight_grad, self.bias_grad = dw, last_x_grad.sum((0, 2, 3))
        return dx.reshape(x.shape)
