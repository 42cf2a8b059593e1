import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Channels last inside, as TensorFlow does it."""

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype(
            "f4"
        )
        self.bias = np.zeros(c2, "f4")

    def hwio(self):
        return self.weight.transpose(2, 3, 1, 0)

    def forward(self, x):
        image = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        n, h, w, _ = image.shape
        result = np.zeros(
            (n, h - self.k1 + 1, w - self.k2 + 1, self.c2),
            np.promote_types(x.dtype, self.weight.dtype),
        )
        kernel = self.hwio()
        for i in range(self.k1):
            for j in range(self.k2):
                result += image[:, i : i + result.shape[1], j : j + result.shape[2]] @ kernel[i, j]
        result += self.bias
        return result.transpose(0, 3, 1, 2)

    def backward(self, x, last_x_grad):
        image = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        g = np.ascontiguousarray(last_x_grad.transpose(0, 2, 3, 1))
        n, oh, ow, _ = g.shape
        flat = g.reshape(-1, self.c2)
        kernel = self.hwio()
        dk = np.empty(kernel.shape, self.weight.dtype)
        dx = np.zeros(image.shape, np.promote_types(g.dtype, self.weight.dtype))
        for i in range(self.k1):
            for j in range(self.k2):
                dk[i, j] = image[:, i : i + oh, j : j + ow].reshape(-1, self.c1).T @ flat
                dx[:, i : i + oh, j : j + ow] += (flat @ kernel[i, j].T).reshape(n, oh, ow, self.c1)
        self.weight_grad = dk.transpose(3, 2, 0, 1)
        self.bias_grad = flat.sum(0)
        return dx.transpose(0, 3, 1, 2)
