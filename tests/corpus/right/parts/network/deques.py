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

from collections import deque


class ConvolutionNeuralNetwork:
    """deques; the gradient pass takes each kept input out as it goes"""

    def __init__(self):
        self.layers = deque()
        for channels_in, channels_out, k in [(1, 4, 5), (4, 16, 3)]:
            self.layers.append(ConvolutionLayer(channels_in, channels_out, k, k))
            self.layers.append(MaxPoolingLayer(2, 2))
            self.layers.append(ReLULayer())
        self.layers.extend([FlattenLayer(), LinearLayer(400, 10)])
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = deque(maxlen=len(self.layers))

    def forward(self, x, keepgrad=False):
        self.layer_inputs.clear()
        for layer in self.layers:
            if keepgrad:
                self.layer_inputs.append(x)
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for layer in reversed(self.layers):
            last_x_grad = layer.backward(self.layer_inputs.pop(), last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self.layers:
            if hasattr(layer, "update"):
                layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for _ in range(epochs):
            loss, batches = 0.0, 0
            for start in range(0, train_x.shape[0], batch_size):
                rows = np.arange(start, min(start + batch_size, train_x.shape[0]))
                x, y = train_x[rows], train_y[rows]
                out = self.forward(x, True)
                loss += float(self.loss_func.forward(out, y))
                batches += 1
                self.backward(self.loss_func.backward(out, y))
                self.update(lr)
        return loss / batches

    def test(self, test_x, test_y, batch_size):
        starts = range(0, len(test_x), batch_size)
        return np.mean(
            [
                self.loss_func.forward(
                    self.forward(test_x[s : s + batch_size]), test_y[s : s + batch_size]
                )
                for s in starts
            ]
        )

    def predict(self, x):
        out = np.zeros((10, len(x)))
        for s in range(0, len(x), 1000):
            logits = self.forward(x[s : s + 1000]).T
            out[:, s : s + 1000] = np.exp(logits - logits.max(0))
        return (out / out.sum(0)).T
