import numpy
from .base import ParamLayer


class ConvolutionLayer(ParamLayer):
    """Nested loops over filters, channels and kernel positions; only the images are vectorised."""

    def __init__(self, c1, c2, k1, k2):
        self.c1 = c1
        self.c2 = c2
        self.k1 = k1
        self.k2 = k2
        self.weight = numpy.random.normal(0, numpy.sqrt(2 / (c1 * k1 * k2)), [c2, c1, k1, k2])
        self.weight = self.weight.astype(numpy.float32)
        self.bias = numpy.zeros(c2, numpy.float32)

    def forward(self, x):
        rows = x.shape[2] - self.k1 + 1
        columns = x.shape[3] - self.k2 + 1
        maps = []
        for o in range(self.c2):
            acc = numpy.full((x.shape[0], rows, columns), self.bias[o])
            for c in range(self.c1):
                for i in range(self.k1):
                    for j in range(self.k2):
                        acc += self.weight[o, c, i, j] * x[:, c, i : i + rows, j : j + columns]
            maps.append(acc)
        return numpy.stack(maps, axis=1)

    def backward(self, x, last_x_grad):
        rows, columns = last_x_grad.shape[2], last_x_grad.shape[3]
        self.weight_grad = numpy.zeros_like(self.weight)
        self.bias_grad = numpy.zeros_like(self.bias)
        x_grad = numpy.zeros_like(x)
        for o in range(self.c2):
            g = numpy.ascontiguousarray(last_x_grad[:, o])
            self.bias_grad[o] = g.sum()
            for c in range(self.c1):
                for i in range(self.k1):
                    for j in range(self.k2):
                        piece = x[:, c, i : i + rows, j : j + columns]
                        self.weight_grad[o, c, i, j] = numpy.vdot(piece, g)
                        x_grad[:, c, i : i + rows, j : j + columns] += self.weight[o, c, i, j] * g
        return x_grad
