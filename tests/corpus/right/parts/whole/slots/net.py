"""__slots__ everywhere: no layer has a __dict__, gradients are absent until there are some."""
import numpy as np
from student.errors import check

__all__ = ["NetworkLayer", "ParamLayer", "ReLULayer", "FlattenLayer", "MaxPoolingLayer",
           "LinearLayer", "ConvolutionLayer", "CrossEntropyLoss", "ConvolutionNeuralNetwork"]


class NetworkLayer:
    __slots__ = ()


class ParamLayer(NetworkLayer):
    __slots__ = ("weight", "bias", "weight_grad", "bias_grad")

    def update(self, lr):
        check(self.weight.shape == self.weight_grad.shape, "gradient and weight differ in shape")
        self.weight, self.bias = self.weight - lr * self.weight_grad, self.bias - lr * self.bias_grad


class ReLULayer(NetworkLayer):
    __slots__ = ()

    def forward(self, x):
        return x.clip(min=0)

    def backward(self, x, last_x_grad):
        check(x.shape == last_x_grad.shape, "shapes differ")
        return np.where(x < 0, 0, last_x_grad)


class FlattenLayer(NetworkLayer):
    __slots__ = ("start", "end")

    def __init__(self, start=1, end=-1):
        self.start, self.end = start, end

    def forward(self, x):
        shape = [*x.shape]
        end = self.end if self.end >= 0 else len(shape) + self.end
        start = self.start if self.start >= 0 else len(shape) + self.start
        check(0 <= start <= end < len(shape), "no such axes")
        shape[start:end + 1] = [int(np.prod(shape[start:end + 1]))]
        return x.reshape(shape)

    def backward(self, x, last_x_grad):
        return last_x_grad.reshape(x.shape)


class MaxPoolingLayer(NetworkLayer):
    __slots__ = ("k1", "k2")

    def __init__(self, k1, k2):
        self.k1, self.k2 = k1, k2

    def forward(self, x):
        check(x.shape[2] % self.k1 == x.shape[3] % self.k2 == 0, "image not divisible")
        rows = np.maximum.reduce([x[:, :, i::self.k1] for i in range(self.k1)])
        return np.maximum.reduce([rows[..., j::self.k2] for j in range(self.k2)])

    def backward(self, x, last_x_grad):
        best = self.forward(x).repeat(self.k1, 2).repeat(self.k2, 3)
        mask = x == best
        # of several maxima the one that comes first, in reading order
        b, c, h, w = x.shape
        box = mask.reshape(b, c, h // self.k1, self.k1, w // self.k2, self.k2).swapaxes(3, 4)
        flat = box.reshape(b, c, h // self.k1, w // self.k2, -1)
        flat = flat & (flat.cumsum(-1) == 1)
        mask = flat.reshape(box.shape).swapaxes(3, 4).reshape(x.shape)
        return last_x_grad.repeat(self.k1, 2).repeat(self.k2, 3) * mask


class LinearLayer(ParamLayer):
    __slots__ = ()

    def __init__(self, d1, d2):
        self.weight = np.random.normal(0, np.sqrt(2 / d1), (d1, d2)).astype(np.float32)
        self.bias = np.zeros(d2, np.float32)

    def forward(self, x):
        check(x.shape[1] == self.weight.shape[0], "wrong number of features")
        return x.dot(self.weight) + self.bias

    def backward(self, x, last_x_grad):
        self.weight_grad = x.T.dot(last_x_grad)
        self.bias_grad = last_x_grad.sum(0)
        return last_x_grad.dot(self.weight.T)


class ConvolutionLayer(ParamLayer):
    __slots__ = ("c1", "c2", "k1", "k2")

    def __init__(self, c1, c2, k1, k2):
        self.c1, self.c2, self.k1, self.k2 = c1, c2, k1, k2
        self.weight = np.random.normal(0, np.sqrt(2 / (c1 * k1 * k2)), (c2, c1, k1, k2)).astype("f")
        self.bias = np.zeros(c2, "f")

    def forward(self, x):
        check(x.ndim == 4 and x.shape[1] == self.c1, "wrong number of channels")
        lines = []
        o2 = x.shape[3] - self.k2 + 1
        for i in range(x.shape[2] - self.k1 + 1):
            band = x[:, :, i:i + self.k1]
            cols = np.stack([band[..., j:j + self.k2].reshape(len(x), -1) for j in range(o2)], 1)
            lines.append(cols @ self.weight.reshape(self.c2, -1).T + self.bias)
        return np.stack(lines, 1).transpose(0, 3, 1, 2)

    def backward(self, x, last_x_grad):
        check(last_x_grad.shape[1] == self.c2, "wrong number of channels")
        gw = np.zeros((self.c2, self.c1 * self.k1 * self.k2), x.dtype)
        gx = np.zeros_like(x)
        kernel = self.weight.reshape(self.c2, -1)
        for i in range(last_x_grad.shape[2]):
            for j in range(last_x_grad.shape[3]):
                box = np.s_[:, :, i:i + self.k1, j:j + self.k2]
                g = np.ascontiguousarray(last_x_grad[:, :, i, j])
                gw += g.T @ x[box].reshape(len(x), -1)
                gx[box] += (g @ kernel).reshape(x[box].shape)
        self.weight_grad, self.bias_grad = gw.reshape(self.weight.shape), last_x_grad.sum((0, 2, 3))
        return gx


class CrossEntropyLoss:
    __slots__ = ()

    def forward(self, x, y):
        x = x - x.max(1, keepdims=True)
        return (np.log(np.exp(x).sum(1)) - x[np.arange(len(x)), y]).mean()

    def backward(self, x, y):
        e = np.exp(x - x.max(1, keepdims=True))
        e /= e.sum(1, keepdims=True)
        e[np.arange(len(x)), y] -= 1
        e /= len(x)
        return e


class ConvolutionNeuralNetwork:
    __slots__ = ("layers", "layer_inputs", "loss_func")

    def __init__(self):
        self.layers = (ConvolutionLayer(1, 4, 5, 5), MaxPoolingLayer(2, 2), ReLULayer(),
                       ConvolutionLayer(4, 16, 3, 3), MaxPoolingLayer(2, 2), ReLULayer(),
                       FlattenLayer(), LinearLayer(400, 10))
        self.layer_inputs = ()
        self.loss_func = CrossEntropyLoss()

    def forward(self, x, keepgrad=False):
        self.layer_inputs = ()
        for layer in self.layers:
            if keepgrad:
                self.layer_inputs = self.layer_inputs + (x,)
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        check(len(self.layer_inputs) == len(self.layers), "forward(x, keepgrad=True) comes first")
        for n in reversed(range(len(self.layers))):
            last_x_grad = self.layers[n].backward(self.layer_inputs[n], last_x_grad)
        return last_x_grad

    def update(self, lr):
        for layer in self.layers:
            if isinstance(layer, ParamLayer):
                layer.update(lr)

    def train(self, train_x, train_y, batch_size, epochs, lr):
        check(len(train_x) == len(train_y), "images and labels differ in number")
        for _ in range(epochs):
            losses = []
            for at in range(0, len(train_x), batch_size):
                x, y = train_x[at:at + batch_size], train_y[at:at + batch_size]
                out = self.forward(x, True)
                losses.append(self.loss_func.forward(out, y))
                self.backward(self.loss_func.backward(out, y))
                self.update(lr)
        self.layer_inputs = ()
        return np.mean(losses)

    def test(self, test_x, test_y, batch_size):
        return np.mean([self.loss_func.forward(self.forward(test_x[at:at + batch_size]),
                                               test_y[at:at + batch_size])
                        for at in range(0, len(test_x), batch_size)])

    def predict(self, x):
        out = np.concatenate([self.forward(x[at:at + 500]) for at in range(0, len(x), 500)])
        out = np.exp(out - out.max(1, keepdims=True))
        return out / out.sum(1, keepdims=True)
