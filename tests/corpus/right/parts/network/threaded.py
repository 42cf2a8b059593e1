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

from concurrent.futures import ThreadPoolExecutor


class ConvolutionNeuralNetwork:
    """predict and test walk through the batches with threads; images become float32 in train"""

    def __init__(self):
        items = [
            ConvolutionLayer(1, 4, 5, 5),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            FlattenLayer(),
            LinearLayer(400, 10),
        ]
        self.layers = np.empty(len(items), dtype=object)
        self.layers[:] = items
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    def _chain(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def forward(self, x, keepgrad=False):
        self.layer_inputs = []
        if not keepgrad:
            return self._chain(x)
        for layer in self.layers:
            self.layer_inputs.append(x)
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for layer, x in zip(self.layers[::-1], self.layer_inputs[::-1]):
            last_x_grad = layer.backward(x, last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self.layers[[0, 3, 7]]:
            layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        train_x = train_x.astype(np.float32)
        for _ in range(epochs):
            losses = []
            for x, y in zip(
                *(np.split(a, range(batch_size, len(a), batch_size)) for a in (train_x, train_y))
            ):
                out = self.forward(x, keepgrad=True)
                losses.append(self.loss_func.forward(out, y))
                self.backward(self.loss_func.backward(out, y))
                self.update(lr)
        self.layer_inputs = []
        return np.mean(losses)

    def _with_threads(self, function, *arrays, size):
        self.layer_inputs = []
        jobs = [[a[i : i + size] for a in arrays] for i in range(0, len(arrays[0]), size)]
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda job: function(*job), jobs))

    def test(self, test_x, test_y, batch_size):
        losses = self._with_threads(
            lambda x, y: self.loss_func.forward(self._chain(x), y), test_x, test_y, size=batch_size
        )
        return np.mean(losses)

    def predict(self, x):
        logits = np.concatenate(self._with_threads(self._chain, x, size=200))
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits
