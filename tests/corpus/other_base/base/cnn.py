# ruff: noqa: B007, RUF059
"""My network. Everything in float64; every layer remembers what it needs for backward."""

import numpy as np

__all__ = [
    "ConvolutionLayer",
    "ConvolutionNeuralNetwork",
    "CrossEntropyLoss",
    "FlattenLayer",
    "LinearLayer",
    "MaxPoolingLayer",
    "NetworkLayer",
    "ParamLayer",
    "ReLULayer",
]


def double(x):
    return np.asarray(x, dtype=np.float64)


def one_hot(y, classes):
    table = np.zeros((len(y), classes))
    for row, label in enumerate(y):
        table[row, int(label)] = 1.0
    return table


def log_softmax(x):
    z = x - np.amax(x, axis=1)[:, None]
    return z - np.log(np.sum(np.exp(z), axis=1))[:, None]


def batches(count, size):
    """Slices of `size` images; the last one may be shorter."""
    first = 0
    while first < count:
        yield slice(first, min(first + size, count))
        first += size


class NetworkLayer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, x, last_x_grad):
        raise NotImplementedError


class ParamLayer(NetworkLayer):
    def update(self, lr):
        raise NotImplementedError


class ReLULayer(NetworkLayer):
    def forward(self, x):
        self.positive = x > 0
        y = np.zeros(x.shape)
        y[self.positive] = x[self.positive]
        return y

    def backward(self, x, last_x_grad):
        grad = np.zeros(x.shape)
        grad[self.positive] = last_x_grad[self.positive]
        return grad


class FlattenLayer(NetworkLayer):
    def __init__(self, start=1, end=-1):
        self.start = start
        self.end = end

    def forward(self, x):
        self.shape = x.shape
        axes = range(x.ndim)
        first, last = axes[self.start], axes[self.end]
        shape, size = [], 1
        for axis, length in enumerate(x.shape):
            if axis < first or axis > last:
                shape.append(length)
                continue
            size *= length
            if axis == last:
                shape.append(size)
        return np.reshape(x, shape)

    def backward(self, x, last_x_grad):
        return np.reshape(last_x_grad, self.shape)


class MaxPoolingLayer(NetworkLayer):
    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        B, C, H, W = x.shape
        p, q = H // self.k1, W // self.k2
        tiles = x.reshape(B, C, p, self.k1, q, self.k2)
        tiles = tiles.transpose(0, 1, 2, 4, 3, 5).reshape(B, C, p, q, -1)
        self.winner = tiles.argmax(axis=4)[..., None]
        y = np.take_along_axis(tiles, self.winner, axis=4)[..., 0]
        return double(y)

    def backward(self, x, last_x_grad):
        B, C, p, q = last_x_grad.shape
        tiles = np.zeros((B, C, p, q, self.k1 * self.k2))
        np.put_along_axis(tiles, self.winner, double(last_x_grad)[..., None], axis=4)
        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)
        return tiles.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)


class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        deviation = (2.0 / d1) ** 0.5
        self.weight = np.random.normal(0.0, deviation, size=(d1, d2))
        self.bias = np.zeros(d2)
        self.weight_grad = None
        self.bias_grad = None

    def forward(self, x):
        self.x = double(x)
        y = np.empty((x.shape[0], self.weight.shape[1]))
        for j in range(y.shape[1]):
            y[:, j] = self.x.dot(self.weight[:, j]) + self.bias[j]
        return y

    def backward(self, x, last_x_grad):
        dW = np.zeros(self.weight.shape)
        db = np.zeros(self.bias.shape)
        dx = np.empty(x.shape)
        for n, g in enumerate(double(last_x_grad)):
            dW += np.outer(self.x[n], g)
            db += g
            dx[n] = self.weight.dot(g)
        self.weight_grad, self.bias_grad = dW, db
        return dx

    def update(self, lr):
        self.weight -= lr * self.weight_grad
        self.bias -= lr * self.bias_grad


class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        deviation = (2.0 / (c1 * k1 * k2)) ** 0.5
        self.weight = np.random.normal(0.0, deviation, size=(c2, c1, k1, k2))
        self.bias = np.zeros(c2)
        self.weight_grad = None
        self.bias_grad = None

    def forward(self, x):
        self.x = double(x)
        c2, c1, k1, k2 = self.weight.shape
        B, _, H, W = x.shape
        y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))
        kernels = self.weight.reshape(c2, -1)
        for i in range(H - k1 + 1):
            for j in range(W - k2 + 1):
                patch = self.x[:, :, i : i + k1, j : j + k2]
                y[:, :, i, j] = patch.reshape(B, -1).dot(kernels.T) + self.bias
        return y

    def backward(self, x, last_x_grad):
        c2, c1, k1, k2 = self.weight.shape
        B, _, o1, o2 = last_x_grad.shape
        kernels = self.weight.reshape(c2, -1)
        dW = np.zeros((c2, c1 * k1 * k2))
        db = np.zeros(c2)
        dx = np.zeros(x.shape)
        for i in range(o1):
            for j in range(o2):
                g = double(last_x_grad[:, :, i, j])
                patch = self.x[:, :, i : i + k1, j : j + k2]
                dW += g.T.dot(patch.reshape(B, -1))
                db += g.sum(axis=0)
                dx[:, :, i : i + k1, j : j + k2] += g.dot(kernels).reshape(B, c1, k1, k2)
        self.weight_grad = dW.reshape(self.weight.shape)
        self.bias_grad = db
        return dx

    def update(self, lr):
        self.weight -= lr * self.weight_grad
        self.bias -= lr * self.bias_grad


class CrossEntropyLoss:
    def forward(self, x, y):
        x = double(x)
        logp = log_softmax(x)
        target = one_hot(y, x.shape[1])
        self.p = np.exp(logp)
        return -(target * logp).sum() / len(y)

    def backward(self, x, y):
        p = self.p
        target = one_hot(y, x.shape[1])
        return (p - target) / len(y)


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
        values = [x]
        for layer in self.layers:
            values.append(layer.forward(values[-1]))
        self.layer_inputs = values[:-1] if keepgrad else []
        return values[-1]

    def backward(self, last_x_grad):
        grad = last_x_grad
        i = len(self.layers)
        while i > 0:
            i -= 1
            grad = self.layers[i].backward(self.layer_inputs[i], grad)
        return grad

    def update(self, lr):
        self.layers[0].update(lr)
        self.layers[3].update(lr)
        self.layers[7].update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for epoch in range(epochs):
            total, count = 0.0, 0
            for part in batches(len(train_x), batch_size):
                x, y = train_x[part], train_y[part]
                logits = self.forward(x, True)
                total += self.loss_func.forward(logits, y)
                count += 1
                self.backward(self.loss_func.backward(logits, y))
                self.update(lr)
        self.layer_inputs = []
        return total / count

    def test(self, test_x, test_y, batch_size):
        total, count = 0.0, 0
        for part in batches(len(test_x), batch_size):
            x, y = test_x[part], test_y[part]
            total += self.loss_func.forward(self.forward(x), y)
            count += 1
        return total / count

    def predict(self, x):
        result = np.zeros((len(x), 10))
        for part in batches(len(x), 500):
            logits = self.forward(x[part])
            result[part] = np.exp(log_softmax(logits))
        return result
