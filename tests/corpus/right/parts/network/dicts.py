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


class ConvolutionNeuralNetwork:
    """layers and layer_inputs are dictionaries by name"""

    def __init__(self):
        self.layers = dict(
            conv1=ConvolutionLayer(1, 4, 5, 5),
            pool1=MaxPoolingLayer(2, 2),
            relu1=ReLULayer(),
            conv2=ConvolutionLayer(4, 16, 3, 3),
            pool2=MaxPoolingLayer(2, 2),
            relu2=ReLULayer(),
            flatten=FlattenLayer(),
            fc=LinearLayer(400, 10),
        )
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = {}

    def forward(self, x, keepgrad=False):
        self.layer_inputs.clear()
        for name, layer in self.layers.items():
            if keepgrad:
                self.layer_inputs[name] = x
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for name in list(self.layers)[::-1]:
            last_x_grad = self.layers[name].backward(self.layer_inputs[name], last_x_grad)
        return last_x_grad

    def update(self, lr):
        for name in ("conv1", "conv2", "fc"):
            self.layers[name].update(lr)

    def _batches(self, x, y, size):
        yield from ((x[i : i + size], y[i : i + size]) for i in range(0, len(y), size))

    def train(self, train_x, train_y, batch_size, epochs, lr):
        history = {}
        for epoch in range(epochs):
            history[epoch] = []
            for x, y in self._batches(train_x, train_y, batch_size):
                logits = self.forward(x, True)
                history[epoch] += [self.loss_func.forward(logits, y)]
                self.backward(self.loss_func.backward(logits, y))
                self.update(lr)
        self.layer_inputs.clear()
        return sum(history[epochs - 1]) / len(history[epochs - 1])

    def test(self, test_x, test_y, batch_size):
        losses = [
            self.loss_func.forward(self.forward(x), y)
            for x, y in self._batches(test_x, test_y, batch_size)
        ]
        return sum(losses) / len(losses)

    def predict(self, x):
        logits = np.vstack([self.forward(x[i : i + 100]) for i in range(0, len(x), 100)])
        return np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
