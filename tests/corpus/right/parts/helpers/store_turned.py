import numpy as np


def kept(name):
    """A property: the array is kept transposed, and flat."""
    def get(self):
        flat, shape = self.__dict__["_" + name]
        return flat.reshape(shape[::-1]).T

    def put(self, value):
        value = np.asarray(value)
        self.__dict__["_" + name] = value.T.ravel().copy(), value.shape

    return property(get, put)


def wrap(cls):
    for name in ("weight", "bias", "weight_grad", "bias_grad"):
        setattr(cls, name, kept(name))
    return cls
