import numpy as np
from .autograd import Tensor

__all__ = ["NetworkLayer", "ParamLayer", "ReLULayer", "FlattenLayer", "MaxPoolingLayer",
           "LinearLayer", "ConvolutionLayer", "CrossEntropyLoss", "ConvolutionNeuralNetwork"]


class NetworkLayer:
    """A layer says what it computes; going back is the tape's business."""

    def run(self, x):
        raise NotImplementedError

    def forward(self, x):
        return self.run(Tensor(x)).data

    def backward(self, x, last_x_grad):
        leaf = Tensor(x)
        self.run(leaf).backward(last_x_grad)
        return leaf.grad


class ParamLayer(NetworkLayer):
    def run(self, x):
        self.w, self.b = Tensor(self.weight), Tensor(self.bias)
        return self.compute(x, self.w, self.b)

    def backward(self, x, last_x_grad):
        grad = super().backward(x, last_x_grad)
        self.weight_grad, self.bias_grad = self.w.grad, self.b.grad
        return grad

    def update(self, lr):
        self.weight = self.weight - lr * self.weight_grad
        self.bias = self.bias - lr * self.bias_grad


class ReLULayer(NetworkLayer):
    def run(self, x):
        return x.relu()


class FlattenLayer(NetworkLayer):
    def __init__(self, start=1, end=-1):
        self.start, self.end = start, end

    def run(self, x):
        shape = x.data.shape
        start, end = self.start % len(shape), self.end % len(shape)
        return x.reshape(*shape[:start], -1, *shape[end + 1:])


class MaxPoolingLayer(NetworkLayer):
    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def run(self, x):
        b, c, h, w = x.data.shape
        h, w = h // self.k1, w // self.k2
        boxes = x.reshape(b, c, h, self.k1, w, self.k2).transpose(0, 1, 2, 4, 3, 5)
        return boxes.reshape(b, c, h, w, -1).max()


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = np.random.normal(0, np.sqrt(2 / d1), (d1, d2)).astype(np.float32)
        self.bias = np.zeros(d2, np.float32)

    def compute(self, x, w, b):
        return x @ w + b


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.k1, self.k2 = k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2))
        self.weight = self.weight.astype(np.float32)
        self.bias = np.zeros(c2, np.float32)

    def compute(self, x, w, b):
        n, c, height, width = x.data.shape
        cols = x.unfold(self.k1, self.k2).transpose(0, 3, 4, 1, 2).reshape(-1, c * self.k1 * self.k2)
        kernel = w.reshape(len(self.bias), -1).transpose(1, 0)
        y = (cols @ kernel + b).reshape(n, height - self.k1 + 1, width - self.k2 + 1, -1)
        return y.transpose(0, 3, 1, 2)


class CrossEntropyLoss:
    def forward(self, x, y):
        return Tensor(x).cross_entropy(y).data

    def backward(self, x, y):
        leaf = Tensor(x)
        leaf.cross_entropy(y).backward(1)
        return leaf.grad


class ConvolutionNeuralNetwork:
    def __init__(self):
        self.layers = [ConvolutionLayer(1, 4, 5, 5), MaxPoolingLayer(2, 2), ReLULayer(),
                       ConvolutionLayer(4, 16, 3, 3), MaxPoolingLayer(2, 2), ReLULayer(),
                       FlattenLayer(), LinearLayer(400, 10)]
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    def forward(self, x, keepgrad=False):
        self.layer_inputs = []
        node = Tensor(x)
        self.leaf = node if keepgrad else None
        for layer in self.layers:
            if keepgrad:
                self.layer_inputs.append(node.data)
            node = layer.run(node if keepgrad else Tensor(node.data))
        self.output = node if keepgrad else None
        return node.data

    def backward(self, last_x_grad):
        """The whole tape at once, without the layers' own backward."""
        self.output.backward(last_x_grad)
        for layer in self.layers:
            if isinstance(layer, ParamLayer):
                layer.weight_grad, layer.bias_grad = layer.w.grad, layer.b.grad
        return self.leaf.grad

    def update(self, lr):
        for layer in self.layers:
            if isinstance(layer, ParamLayer):
                layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for _ in range(epochs):
            total = []
            for i in range(0, len(train_x), batch_size):
                logits = self.forward(train_x[i:i + batch_size], keepgrad=True)
                leaf = Tensor(logits)
                loss = leaf.cross_entropy(train_y[i:i + batch_size])
                loss.backward(1)
                total.append(loss.data)
                self.backward(leaf.grad)
                self.update(lr)
        self.layer_inputs, self.leaf, self.output = [], None, None
        return np.mean(total)

    def test(self, test_x, test_y, batch_size):
        return np.mean([Tensor(self.forward(test_x[i:i + batch_size]))
                        .cross_entropy(test_y[i:i + batch_size]).data
                        for i in range(0, len(test_x), batch_size)])

    def predict(self, x):
        parts = []
        for i in range(0, len(x), 200):
            z = self.forward(x[i:i + 200])
            z = np.exp(z - z.max(1, keepdims=True))
            parts.append(z / z.sum(1, keepdims=True))
        return np.concatenate(parts)
