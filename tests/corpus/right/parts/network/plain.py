import numpy as np
from .layers import (
    ConvolutionLayer,
    MaxPoolingLayer,
    ReLULayer,
    FlattenLayer,
    LinearLayer,
    ParamLayer,
)
from .losses import CrossEntropyLoss


class ConvolutionNeuralNetwork:
    def __init__(self):
        self.layers = [
            ConvolutionLayer(1, 4, 5, 5),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
            FlattenLayer(),
            LinearLayer(400, 10),
        ]
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    def forward(self, x, keepgrad=False):
        self.layer_inputs = []
        for layer in self.layers:
            if keepgrad:
                self.layer_inputs.append(x)
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for layer, x in zip(reversed(self.layers), reversed(self.layer_inputs)):
            last_x_grad = layer.backward(x, last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self.layers:
            if isinstance(layer, ParamLayer):
                layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for epoch in range(epochs):
            losses = []
            for i in range(0, len(train_x), batch_size):
                x, y = train_x[i : i + batch_size], train_y[i : i + batch_size]
                out = self.forward(x, keepgrad=True)
                losses.append(self.loss_func.forward(out, y))
                self.backward(self.loss_func.backward(out, y))
                self.update(lr)
        self.layer_inputs = []
        return float(np.mean(losses))

    def test(self, test_x, test_y, batch_size):
        losses = []
        for i in range(0, len(test_x), batch_size):
            out = self.forward(test_x[i : i + batch_size])
            losses.append(self.loss_func.forward(out, test_y[i : i + batch_size]))
        return float(np.mean(losses))

    def predict(self, x):
        result = []
        for i in range(0, len(x), 500):
            out = self.forward(x[i : i + 500])
            e = np.exp(out - out.max(axis=1, keepdims=True))
            result.append(e / e.sum(axis=1, keepdims=True))
        return np.concatenate(result)
