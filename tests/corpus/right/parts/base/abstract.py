from abc import ABC, abstractmethod


class NetworkLayer(ABC):
    @abstractmethod
    def forward(self, x): ...

    @abstractmethod
    def backward(self, x, last_x_grad): ...

    def __call__(self, x):
        return self.forward(x)


class ParamLayer(NetworkLayer):
    parameters = ("weight", "bias")

    def update(self, lr):
        for name in self.parameters:
            value, grad = getattr(self, name), getattr(self, name + "_grad")
            setattr(self, name, value - lr * grad)
