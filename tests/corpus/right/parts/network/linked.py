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


class Link:
    """One layer and what follows; the end of the chain is None."""

    def __init__(self, layer, rest):
        self.layer, self.rest, self.input = layer, rest, None

    def forward(self, x, keep):
        self.input = x if keep else None
        y = self.layer.forward(x)
        return y if self.rest is None else self.rest.forward(y, keep)

    def backward(self, grad):
        if self.rest is not None:
            grad = self.rest.backward(grad)
        return self.layer.backward(self.input, grad)

    def __iter__(self):
        yield self
        if self.rest is not None:
            yield from self.rest


class ConvolutionNeuralNetwork:
    """a linked list that calls itself; layers and layer_inputs are made when they are asked for"""

    def __init__(self):
        self.loss_func = CrossEntropyLoss()
        self.first = None
        for layer in (
            LinearLayer(400, 10),
            FlattenLayer(),
            ReLULayer(),
            MaxPoolingLayer(2, 2),
            ConvolutionLayer(4, 16, 3, 3),
            ReLULayer(),
            MaxPoolingLayer(2, 2),
            ConvolutionLayer(1, 4, 5, 5),
        ):
            self.first = Link(layer, self.first)

    @property
    def layers(self):
        return tuple(link.layer for link in self.first)

    @property
    def layer_inputs(self):
        return [link.input for link in self.first if link.input is not None]

    def forward(self, x, keepgrad=False):
        return self.first.forward(x, keepgrad)

    def backward(self, last_x_grad):
        return self.first.backward(last_x_grad)

    def update(self, lr):
        for layer in self.layers:
            getattr(layer, "update", lambda _: None)(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        step = 0
        steps = -(-len(train_x) // batch_size)
        while step < epochs * steps:
            if step % steps == 0:
                mean = 0.0
            at = step % steps * batch_size
            x, y = train_x[at : at + batch_size], train_y[at : at + batch_size]
            out = self.forward(x, True)
            mean += self.loss_func.forward(out, y) / steps
            self.backward(self.loss_func.backward(out, y))
            self.update(lr)
            step += 1
        for link in self.first:
            link.input = None
        return mean

    def test(self, test_x, test_y, batch_size):
        mean = 0.0
        for n, at in enumerate(range(0, len(test_x), batch_size)):
            loss = self.loss_func.forward(
                self.forward(test_x[at : at + batch_size]), test_y[at : at + batch_size]
            )
            mean += (loss - mean) / (n + 1)
        return mean

    def predict(self, x):
        def parts():
            for at in range(0, len(x), 128):
                z = self.forward(x[at : at + 128])
                z = z - z.max(axis=1, keepdims=True)
                yield np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

        return np.concatenate(list(parts()), axis=0)
