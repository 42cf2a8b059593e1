import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Correlation theorem: a product of spectra, the kernel's conjugated."""

    def __init__(self, c1, c2, k1, k2):
        self.shape = (c2, c1, k1, k2)
        self.weight = np.random.normal(0.0, np.sqrt(2.0 / (c1 * k1 * k2)), self.shape)
        self.bias = np.zeros(c2)

    def forward(self, x):
        h, w = x.shape[2:]
        k1, k2 = self.shape[2:]
        X = np.fft.rfft2(x.astype(np.float64))
        K = np.fft.rfft2(self.weight.astype(np.float64), s=(h, w))
        # (freq, B, c1) @ (freq, c1, c2)
        Y = np.matmul(X.transpose(2, 3, 0, 1), K.conj().transpose(2, 3, 1, 0))
        y = np.fft.irfft2(Y.transpose(2, 3, 0, 1), s=(h, w))
        return y[:, :, : h - k1 + 1, : w - k2 + 1] + self.bias.reshape(1, -1, 1, 1)

    def backward(self, x, last_x_grad):
        h, w = x.shape[2:]
        k1, k2 = self.shape[2:]
        X = np.fft.rfft2(x.astype(np.float64)).transpose(2, 3, 0, 1)
        K = np.fft.rfft2(self.weight.astype(np.float64), s=(h, w)).transpose(2, 3, 0, 1)
        G = np.fft.rfft2(last_x_grad.astype(np.float64), s=(h, w)).transpose(2, 3, 0, 1)
        D = np.matmul(G.conj().transpose(0, 1, 3, 2), X)
        dk = np.fft.irfft2(D.transpose(2, 3, 0, 1), s=(h, w))[:, :, :k1, :k2]
        self.weight_grad = dk.astype(self.weight.dtype)
        self.bias_grad = last_x_grad.sum((0, 2, 3))
        return np.fft.irfft2(np.matmul(G, K).transpose(2, 3, 0, 1), s=(h, w))
