#!/usr/bin/env python
# coding: utf-8

# # Homework 4
# Converted with nbconvert. Methods are given to the classes cell by cell.

# In[1]:


import numpy as np

np.random.seed(1234)


# In[2]:


class NetworkLayer:
    def forward(self, x):
        raise NotImplementedError
    def backward(self, x, last_x_grad):
        raise NotImplementedError

class ParamLayer(NetworkLayer):
    def update(self, lr):
        raise NotImplementedError

ReLULayer = type("ReLULayer", (NetworkLayer,), {})
FlattenLayer = type("FlattenLayer", (NetworkLayer,), {"__init__": lambda self, start=1, end=-1: self.__dict__.update(start=start, end=end)})
MaxPoolingLayer = type("MaxPoolingLayer", (NetworkLayer,), {"__init__": lambda self, k1, k2: self.__dict__.update(k1=k1, k2=k2)})

class LinearLayer(ParamLayer):
    def __init__(self, d1, d2):
        self.weight = np.random.randn(d1, d2) * np.sqrt(2 / d1)
        self.bias = np.zeros(d2)

class ConvolutionLayer(ParamLayer):
    def __init__(self, c1, c2, k1, k2):
        self.weight = np.random.randn(c2, c1, k1, k2) * np.sqrt(2 / (c1 * k1 * k2))
        self.bias = np.zeros(c2)
        self.k1, self.k2 = k1, k2


# In[3]: first version, does not work


def forward(self, x):
    return x / 0

ReLULayer.forward = forward


# In[17]: second version


def forward(self, x):
    return np.maximum(0, x)

def backward(self, x, last_x_grad):
    g = last_x_grad.copy()
    g[x <= 0] = 0
    return g

ReLULayer.forward, ReLULayer.backward = forward, backward


# In[5]:


def forward(self, x):
    s, n = x.shape, x.ndim
    a, b = self.start, self.end
    if a < 0: a = n + a
    if b < 0: b = n + b
    return x.reshape(s[:a] + (int(np.prod(s[a:b + 1])),) + s[b + 1:])

FlattenLayer.forward = forward
FlattenLayer.backward = lambda self, x, last_x_grad: np.reshape(last_x_grad, np.shape(x))


# In[8]:


def forward(self, x):
    B, C, H, W = x.shape
    return x.reshape(B, C, H // self.k1, self.k1, W // self.k2, self.k2).max(5).max(3)

def backward(self, x, last_x_grad):
    up = np.kron(self.forward(x), np.ones((self.k1, self.k2), dtype=x.dtype))
    eq = x == up
    # break ties: keep the first in each window
    B, C, H, W = x.shape
    e = eq.reshape(B, C, H // self.k1, self.k1, W // self.k2, self.k2).transpose(0, 1, 2, 4, 3, 5)
    e = e.reshape(B, C, H // self.k1, W // self.k2, -1)
    first = np.zeros(e.shape, dtype=x.dtype)
    np.put_along_axis(first, e.argmax(-1)[..., None], 1, axis=-1)
    first = first * last_x_grad[..., None]
    first = first.reshape(B, C, H // self.k1, W // self.k2, self.k1, self.k2)
    return first.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)

MaxPoolingLayer.forward = forward; MaxPoolingLayer.backward = backward


# In[9]:


def forward(self, x):
    return np.matmul(x, self.weight) + self.bias

def backward(self, x, last_x_grad):
    self.weight_grad = np.matmul(x.transpose(), last_x_grad)
    self.bias_grad = last_x_grad.sum(axis=0)
    return np.matmul(last_x_grad, self.weight.transpose())

def update(self, lr):
    self.weight = self.weight - lr * self.weight_grad
    self.bias = self.bias - lr * self.bias_grad

LinearLayer.forward = forward
LinearLayer.backward = backward
LinearLayer.update = ConvolutionLayer.update = update


# In[12]:


def unfold(x, k1, k2):
    return np.lib.stride_tricks.sliding_window_view(x, (k1, k2), axis=(2, 3))

def forward(self, x):
    u = unfold(x, self.k1, self.k2).transpose(0, 2, 3, 1, 4, 5)
    c2 = self.weight.shape[0]
    y = u.reshape(u.shape[:3] + (-1,)) @ self.weight.reshape(c2, -1).T
    return (y + self.bias).transpose(0, 3, 1, 2)

def backward(self, x, last_x_grad):
    c2, c1 = self.weight.shape[:2]
    u = unfold(x, self.k1, self.k2).transpose(0, 2, 3, 1, 4, 5).reshape(-1, c1 * self.k1 * self.k2)
    g = last_x_grad.transpose(1, 0, 2, 3).reshape(c2, -1)
    self.weight_grad = (g @ u).reshape(self.weight.shape)
    self.bias_grad = g.sum(1)
    p = np.zeros(last_x_grad.shape[:2] + (x.shape[2] + self.k1 - 1, x.shape[3] + self.k2 - 1), last_x_grad.dtype)
    p[:, :, self.k1 - 1:x.shape[2], self.k2 - 1:x.shape[3]] = last_x_grad
    u = unfold(p, self.k1, self.k2).transpose(0, 2, 3, 1, 4, 5)
    w = np.rot90(self.weight, 2, axes=(2, 3)).transpose(0, 2, 3, 1).reshape(-1, c1)
    return (u.reshape(u.shape[:3] + (-1,)) @ w).transpose(0, 3, 1, 2)

ConvolutionLayer.forward, ConvolutionLayer.backward = forward, backward


# In[13]: try it out


layer = ConvolutionLayer(1, 2, 3, 3)
x = np.arange(50.0).reshape(2, 1, 5, 5)
y = layer.forward(x)
print(y.shape, y.mean())
assert layer.backward(x, y).shape == x.shape


# In[20]:


class CrossEntropyLoss:
    def forward(self, x, y):
        m = x.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.sum(np.exp(x - m), axis=1)) + m[:, 0] - x[np.arange(len(y)), y]))

    def backward(self, x, y):
        m = x.max(axis=1, keepdims=True)
        p = np.exp(x - m) / np.sum(np.exp(x - m), axis=1, keepdims=True)
        t = np.zeros_like(p)
        t[np.arange(len(y)), y] = 1
        return (p - t) / len(y)

CrossEntropyLoss().backward(np.random.randn(3, 4), np.array([0, 1, 3]))


# In[31]:


class ConvolutionNeuralNetwork:
    def __init__(self):
        self.layers = []
        self.layers.append(ConvolutionLayer(1, 4, 5, 5))
        self.layers.append(MaxPoolingLayer(2, 2))
        self.layers.append(ReLULayer())
        self.layers.append(ConvolutionLayer(4, 16, 3, 3))
        self.layers.append(MaxPoolingLayer(2, 2))
        self.layers.append(ReLULayer())
        self.layers.append(FlattenLayer())
        self.layers.append(LinearLayer(400, 10))
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []
        self.history = []

    def forward(self, x, keepgrad=False):
        self.layer_inputs = []
        for layer in self.layers:
            if keepgrad:
                self.layer_inputs.append(x.copy())
            x = layer.forward(x)
        return x

    def backward(self, last_x_grad):
        for i in range(len(self.layers))[::-1]:
            last_x_grad = self.layers[i].backward(self.layer_inputs[i], last_x_grad)
        self.layer_inputs = []
        return last_x_grad

    def update(self, lr):
        for layer in self.layers:
            try:
                layer.update(lr)
            except AttributeError:
                pass

    def train(self, train_x, train_y, batch_size, epochs, lr):
        for epoch in range(epochs):
            total = 0
            num_batches = int(np.ceil(len(train_x) / batch_size))
            for b in range(num_batches):
                xb = train_x[b * batch_size:(b + 1) * batch_size]
                yb = train_y[b * batch_size:(b + 1) * batch_size]
                out = self.forward(xb, keepgrad=True)
                loss = self.loss_func.forward(out, yb)
                total += loss
                self.backward(self.loss_func.backward(out, yb))
                self.update(lr)
                print("\rEpoch %d/%d [%-20s] loss %.4f" % (epoch + 1, epochs, "=" * (20 * (b + 1) // num_batches), loss), end="")
            print()
            self.history.append(total / num_batches)
        return self.history[-1]

    def test(self, test_x, test_y, batch_size):
        total, n = 0, 0
        for i in range(0, len(test_x), batch_size):
            out = self.forward(test_x[i:i + batch_size])
            total += self.loss_func.forward(out, test_y[i:i + batch_size])
            n += 1
        return total / n

    def predict(self, x):
        probs = []
        for i in range(0, len(x), 100):
            out = self.forward(x[i:i + 100])
            out = out - np.max(out, axis=1, keepdims=True)
            probs.append(np.exp(out) / np.sum(np.exp(out), axis=1, keepdims=True))
        return np.concatenate(probs, axis=0)


# In[32]:


def load_dataset(folder, shuffle=False):
    import gzip, os
    def read(name, offset):
        with gzip.open(os.path.join(folder, name)) as f:
            return np.frombuffer(f.read(), dtype=np.uint8, offset=offset)
    x = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255
    y = read("train-labels-idx1-ubyte.gz", 8).astype(int)
    if shuffle:
        p = np.random.permutation(len(x))
        x, y = x[p], y[p]
    return x, y


# In[ ]:


try:
    get_ipython().run_line_magic("matplotlib", "inline")
    import matplotlib.pyplot as plt
except NameError:
    plt = None

if __name__ == "__main__":
    x, y = load_dataset("../mnist")
    net = ConvolutionNeuralNetwork()
    net.train(x, y, 100, 10, 0.1)
    plt.plot(net.history)
