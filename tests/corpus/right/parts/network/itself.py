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


class ConvolutionNeuralNetwork(list):
    """The network is itself the list of its layers."""

    def __init__(self):
        super().__init__(
            [
                ConvolutionLayer(1, 4, 5, 5),
                MaxPoolingLayer(2, 2),
                ReLULayer(),
                ConvolutionLayer(4, 16, 3, 3),
                MaxPoolingLayer(2, 2),
                ReLULayer(),
                FlattenLayer(),
                LinearLayer(400, 10),
            ]
        )
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = [None] * len(self)

    @property
    def layers(self):
        return self

    def forward(self, x, keepgrad=False):
        for n, layer in enumerate(self):
            self.layer_inputs[n] = x if keepgrad else None
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for n in range(len(self) - 1, -1, -1):
            last_x_grad = self[n].backward(self.layer_inputs[n], last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self:
            if isinstance(layer, ParamLayer):
                layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for _ in range(epochs):
            losses = []
            for i in range(0, len(train_x), batch_size):
                y = train_y[i : i + batch_size]
                out = self.forward(train_x[i : i + batch_size], True)
                losses.append(self.loss_func.forward(out, y))
                self.backward(self.loss_func.backward(out, y))
                self.update(lr)
        self.layer_inputs = [None] * len(self)
        return sum(losses) / len(losses)

    def test(self, test_x, test_y, batch_size):
        losses = []
        for i in range(0, len(test_x), batch_size):
            out = self.forward(test_x[i : i + batch_size])
            losses.append(self.loss_func.forward(out, test_y[i : i + batch_size]))
        return sum(losses) / len(losses)

    def predict(self, x):
        if len(x) > 400:
            half = len(x) // 2
            return np.append(self.predict(x[:half]), self.predict(x[half:]), axis=0)
        z = self.forward(x)
        z = np.exp(z - z.max(axis=1)[:, None])
        return z / z.sum(axis=1)[:, None]
