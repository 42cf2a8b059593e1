"""A small automatic differentiation, as in PyTorch: operations note how to go back."""
import numpy as np


class Tensor:
    def __init__(self, data, parents=(), back=None):
        self.data, self.parents, self.back = data, parents, back
        self.grad = None

    def backward(self, grad):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = grad
        for node in reversed(order):
            if node.back is not None:
                for parent, g in zip(node.parents, node.back(node.grad)):
                    parent.grad = g if parent.grad is None else parent.grad + g

    def __matmul__(self, other):
        a, b = self.data, other.data
        return Tensor(a @ b, (self, other), lambda g: (g @ b.T, a.T @ g))

    def __add__(self, other):
        axes = tuple(range(self.data.ndim - other.data.ndim))
        return Tensor(self.data + other.data, (self, other), lambda g: (g, g.sum(axes)))

    def reshape(self, *shape):
        old = self.data.shape
        return Tensor(self.data.reshape(*shape), (self,), lambda g: (g.reshape(old),))

    def transpose(self, *axes):
        return Tensor(self.data.transpose(axes), (self,), lambda g: (g.transpose(np.argsort(axes)),))

    def relu(self):
        on = self.data > 0
        return Tensor(self.data * on, (self,), lambda g: (g * on,))

    def max(self):
        """over the last axis"""
        where = self.data.argmax(-1)[..., None]

        def back(g):
            full = np.zeros(self.data.shape, g.dtype)
            np.put_along_axis(full, where, g[..., None], -1)
            return (full,)

        return Tensor(np.take_along_axis(self.data, where, -1)[..., 0], (self,), back)

    def unfold(self, k1, k2):
        b, c, h, w = self.data.shape
        o1, o2 = h - k1 + 1, w - k2 + 1
        cut = [(i * k2 + j, np.s_[:, :, i:i + o1, j:j + o2]) for i in range(k1) for j in range(k2)]
        cols = np.empty((b, c, k1 * k2, o1, o2), self.data.dtype)
        for n, s in cut:
            cols[:, :, n] = self.data[s]

        def back(g):
            full = np.zeros(self.data.shape, g.dtype)
            for n, s in cut:
                full[s] += g[:, :, n]
            return (full,)

        return Tensor(cols, (self,), back)

    def cross_entropy(self, y):
        z = self.data - self.data.max(1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(y))
        loss = -(z[rows, y] - np.log(np.exp(z).sum(1))).mean()

        def back(g):
            q = p.copy()
            q[rows, y] -= 1
            return (g * q / len(y),)

        return Tensor(loss, (self,), back)
