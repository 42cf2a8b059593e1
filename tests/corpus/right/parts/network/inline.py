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
    """train, test and predict are written out and call none of the network's own methods"""

    def __init__(self):
        self.conv1, self.pool1, self.relu1 = (
            ConvolutionLayer(1, 4, 5, 5),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
        )
        self.conv2, self.pool2, self.relu2 = (
            ConvolutionLayer(4, 16, 3, 3),
            MaxPoolingLayer(2, 2),
            ReLULayer(),
        )
        self.flat, self.fc = FlattenLayer(1, -1), LinearLayer(400, 10)
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    @property
    def layers(self):
        return [
            self.conv1,
            self.pool1,
            self.relu1,
            self.conv2,
            self.pool2,
            self.relu2,
            self.flat,
            self.fc,
        ]

    def forward(self, x, keepgrad=False):
        a = self.conv1.forward(x)
        b = self.pool1.forward(a)
        c = self.relu1.forward(b)
        d = self.conv2.forward(c)
        e = self.pool2.forward(d)
        f = self.relu2.forward(e)
        g = self.flat.forward(f)
        self.layer_inputs = [x, a, b, c, d, e, f, g] if keepgrad else []
        return self.fc.forward(g)

    def backward(self, last_x_grad):
        x, a, b, c, d, e, f, g = self.layer_inputs
        grad = self.fc.backward(g, last_x_grad)
        grad = self.flat.backward(f, grad)
        grad = self.relu2.backward(e, grad)
        grad = self.pool2.backward(d, grad)
        grad = self.conv2.backward(c, grad)
        grad = self.relu1.backward(b, grad)
        grad = self.pool1.backward(a, grad)
        return self.conv1.backward(x, grad)

    def update(self, lr):
        self.conv1.update(lr)
        self.conv2.update(lr)
        self.fc.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        count = -(-len(train_x) // batch_size)
        mean = 0.0
        for _ in range(epochs):
            total = 0.0
            for n in range(count):
                x = train_x[n * batch_size : (n + 1) * batch_size].copy()
                y = train_y[n * batch_size : (n + 1) * batch_size].copy()
                a = self.conv1.forward(x)
                b = self.pool1.forward(a)
                c = self.relu1.forward(b)
                d = self.conv2.forward(c)
                e = self.pool2.forward(d)
                f = self.relu2.forward(e)
                g = self.flat.forward(f)
                out = self.fc.forward(g)
                total += self.loss_func.forward(out, y)
                grad = self.loss_func.backward(out, y)
                grad = self.flat.backward(f, self.fc.backward(g, grad))
                grad = self.pool2.backward(d, self.relu2.backward(e, grad))
                grad = self.relu1.backward(b, self.conv2.backward(c, grad))
                self.conv1.backward(x, self.pool1.backward(a, grad))
                for layer in (self.fc, self.conv2, self.conv1):
                    layer.update(lr)
            mean = total / count
        self.layer_inputs = []
        return mean

    def test(self, test_x, test_y, batch_size):
        self.layer_inputs = []
        total, count = 0, 0
        while count * batch_size < len(test_x):
            part = slice(count * batch_size, (count + 1) * batch_size)
            out = test_x[part]
            for layer in self.layers:
                out = layer.forward(out)
            total += self.loss_func.forward(out, test_y[part])
            count += 1
        return total / count

    def predict(self, x):
        self.layer_inputs = []
        answer = np.empty((len(x), 10), dtype=np.float32)
        for start in range(0, len(x), 250):
            out = x[start : start + 250]
            for layer in self.layers:
                out = layer.forward(out)
            out = np.exp(out - np.max(out, 1)[:, None])
            answer[start : start + 250] = out / np.sum(out, 1)[:, None]
        return answer
