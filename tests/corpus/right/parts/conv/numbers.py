import numpy as np
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """No array is computed with: lists of numbers, and a loop for each index."""

    def __init__(self, c1, c2, k1, k2):
        self.sizes = c1, c2, k1, k2
        self.weight = np.random.randn(c2, c1, k1, k2) * np.sqrt(2.0 / (c1 * k1 * k2))
        self.bias = np.zeros(c2)
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, x):
        c1, c2, k1, k2 = self.sizes
        n, _, h, w = x.shape
        images, weight, bias = x.tolist(), self.weight.tolist(), self.bias.tolist()
        answer = []
        for image in images:
            maps = []
            for o in range(c2):
                rows = []
                for i in range(h - k1 + 1):
                    row = []
                    for j in range(w - k2 + 1):
                        total = bias[o]
                        for c in range(c1):
                            for a in range(k1):
                                line, kernel = image[c][i + a], weight[o][c][a]
                                for b in range(k2):
                                    total += line[j + b] * kernel[b]
                        row.append(total)
                    rows.append(row)
                maps.append(rows)
            answer.append(maps)
        return np.array(answer)

    def backward(self, x, last_x_grad):
        c1, c2, k1, k2 = self.sizes
        images, weight, grads = x.tolist(), self.weight.tolist(), last_x_grad.tolist()
        x_grad = np.zeros(x.shape).tolist()
        weight_grad = np.zeros(self.weight.shape).tolist()
        bias_grad = [0.0] * c2
        for image, grad, out in zip(images, grads, x_grad):
            for o in range(c2):
                for i, row in enumerate(grad[o]):
                    for j, g in enumerate(row):
                        bias_grad[o] += g
                        for c in range(c1):
                            for a in range(k1):
                                line, kernel = image[c][i + a], weight[o][c][a]
                                to, of = out[c][i + a], weight_grad[o][c][a]
                                for b in range(k2):
                                    to[j + b] += g * kernel[b]
                                    of[b] += g * line[j + b]
        self.weight_grad, self.bias_grad = np.array(weight_grad), np.array(bias_grad)
        return np.array(x_grad)
