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

from contextlib import contextmanager
from functools import reduce
from itertools import islice


class ConvolutionNeuralNetwork:
    """layers is a tuple behind a read-only property; layer_inputs is None when nothing is kept"""

    layer_inputs = None

    def __init__(self):
        self.__layers = (
            ConvolutionLayer(1, 4, 5, 5),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            FlattenLayer(),
            LinearLayer(400, 10),
        )
        self.loss_func = CrossEntropyLoss()

    @property
    def layers(self):
        return self.__layers

    @contextmanager
    def recording(self):
        try:
            yield
        finally:
            self.layer_inputs = None

    def forward(self, x, keepgrad=False):
        self.layer_inputs = () if keepgrad else None

        def step(value, layer):
            if keepgrad:
                self.layer_inputs += (value,)
            return layer.forward(value)

        return reduce(step, self.layers, x)

    def backward(self, last_x_grad):
        pairs = zip(self.layers[::-1], self.layer_inputs[::-1])
        return reduce(lambda grad, pair: pair[0].backward(pair[1], grad), pairs, last_x_grad)

    def update(self, lr):
        [layer.update(lr) for layer in self.layers if hasattr(layer, "weight")]

    @staticmethod
    def minibatches(x, y, size):
        samples = iter(range(len(x)))
        while rows := list(islice(samples, size)):
            yield x[rows], y[rows]

    def train(self, train_x, train_y, batch_size, epochs, lr):
        def one(x, y):
            logits = self.forward(x, keepgrad=True)
            loss = self.loss_func.forward(logits, y)
            self.backward(self.loss_func.backward(logits, y))
            self.update(lr)
            return loss

        with self.recording():
            for _ in range(epochs):
                losses = [one(x, y) for x, y in self.minibatches(train_x, train_y, batch_size)]
        return np.mean(losses)

    def test(self, test_x, test_y, batch_size):
        return np.mean(
            [
                self.loss_func.forward(self.forward(x), y)
                for x, y in self.minibatches(test_x, test_y, batch_size)
            ]
        )

    def predict(self, x):
        def softmax(z):
            e = np.exp(z - z.max(-1, keepdims=True))
            return e / e.sum(-1, keepdims=True)

        return np.concatenate(
            [softmax(self.forward(part)) for part in np.array_split(x, max(1, len(x) // 200))]
        )
