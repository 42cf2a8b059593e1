import math
import numpy as np


class CrossEntropyLoss:
    """Plain Python numbers; only the gradient becomes an array."""

    def rows(self, x):
        for row in x.tolist():
            top = max(row)
            powers = [math.exp(v - top) for v in row]
            total = math.fsum(powers)
            yield [v - top - math.log(total) for v in row], [p / total for p in powers]

    def forward(self, x, y):
        return -math.fsum(logs[label] for (logs, _), label in zip(self.rows(x), y)) / len(x)

    def backward(self, x, y):
        grad = [
            [(p - (k == label)) / len(x) for k, p in enumerate(ps)]
            for (_, ps), label in zip(self.rows(x), y.tolist())
        ]
        return np.array(grad, dtype=x.dtype)
