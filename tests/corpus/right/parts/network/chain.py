import numpy as np
from .layers import (
    ConvolutionLayer,
    FlattenLayer,
    LinearLayer,
    MaxPoolingLayer,
    ParamLayer,
    ReLULayer,
)
from .losses import CrossEntropyLoss


class Chain:
    """Neither a list nor a tuple: it can be walked and measured, and that is all."""

    def __init__(self, *items):
        self._items = items

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __bool__(self):
        raise TypeError("a chain is neither true nor false")


class ConvolutionNeuralNetwork:
    """custom containers for layers and layer_inputs"""

    def __init__(self):
        self.layers = Chain(
            ConvolutionLayer(1, 4, 5, 5),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            FlattenLayer(),
            LinearLayer(400, 10),
        )
        self.layer_inputs = Chain()
        self.loss_func = CrossEntropyLoss()

    def forward(self, x, keepgrad=False):
        kept = []
        for layer in self.layers:
            kept.append(x)
            x = layer.forward(x)
        self.layer_inputs = Chain(*kept) if keepgrad else Chain()
        return x

    def backward(self, last_x_grad):
        for layer, x in list(zip(self.layers, self.layer_inputs))[::-1]:
            last_x_grad = layer.backward(x, last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self.layers:
            if isinstance(layer, (ConvolutionLayer, LinearLayer)):
                layer.update(lr)

    def _epoch(self, xs, ys, batch_size, lr=None):
        training = lr is not None
        losses = []
        for i in range(0, len(xs), batch_size):
            out = self.forward(xs[i : i + batch_size], training)
            losses.append(self.loss_func.forward(out, ys[i : i + batch_size]))
            if training:
                self.backward(self.loss_func.backward(out, ys[i : i + batch_size]))
                self.update(lr)
        self.layer_inputs = Chain()
        return np.mean(losses, dtype=np.float64)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        return [self._epoch(train_x, train_y, batch_size, lr) for _ in range(epochs)][-1]

    def test(self, test_x, test_y, batch_size):
        return self._epoch(test_x, test_y, batch_size)

    def predict(self, x):
        # filled from the end, and answered as a view that runs backwards
        table = np.empty((len(x), 10), dtype=np.float32)
        for i in range(0, len(x), 300):
            out = self.forward(x[i : i + 300])
            e = np.exp(out - out.max(axis=1, keepdims=True))
            table[::-1][i : i + 300] = e / e.sum(axis=1, keepdims=True)
        return table[::-1]
