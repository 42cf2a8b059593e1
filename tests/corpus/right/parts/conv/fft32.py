import numpy as np
from .base import ParamLayer

F = np.float32


def to_frequencies(a, size):
    # NumPy 1 transforms in double whatever it is given, NumPy 2 in single
    return np.fft.rfft2(a.astype(F), s=size).astype(np.complex64)


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.k1, self.k2 = k1, k2
        self.weight = np.random.standard_normal((c2, c1, k1, k2)).astype(F) * F(
            (2 / c1 / k1 / k2) ** 0.5
        )
        self.bias = np.zeros(c2, F)

    def forward(self, x):
        h, w = x.shape[-2:]
        # a size that is a power of two, for speed
        size = (1 << (h - 1).bit_length(), 1 << (w - 1).bit_length())
        spectrum = np.einsum(
            "bchw,ochw->bohw",
            to_frequencies(x, size),
            to_frequencies(self.weight, size).conj(),
            optimize=True,
        )
        y = np.fft.ifft2(full_spectrum(spectrum, size)).real
        y = y[..., : h - self.k1 + 1, : w - self.k2 + 1].astype(F)
        return y + self.bias[:, None, None].astype(F)

    def backward(self, x, last_x_grad):
        h, w = x.shape[-2:]
        size = (1 << (h - 1).bit_length(), 1 << (w - 1).bit_length())
        gs = to_frequencies(last_x_grad, size)
        ws = np.einsum("bohw,bchw->ochw", gs.conj(), to_frequencies(x, size), optimize=True)
        xs = np.einsum("bohw,ochw->bchw", gs, to_frequencies(self.weight, size), optimize=True)
        self.weight_grad = np.fft.irfft2(ws, s=size)[..., : self.k1, : self.k2].astype(F)
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3), dtype=F)
        return np.fft.irfft2(xs, s=size)[..., :h, :w].astype(F)


def full_spectrum(half, size):
    """The other half of the spectrum of a real signal, which rfft2 leaves out."""
    h, w = size
    full = np.empty(half.shape[:-1] + (w,), half.dtype)
    full[..., : half.shape[-1]] = half
    rest = half[..., 1 : w - half.shape[-1] + 1].conj()
    full[..., half.shape[-1] :] = np.roll(rest[..., ::-1, ::-1], 1, axis=-2)
    return full
