import weakref
import numpy as np


class Parameter:
    """A descriptor; values are kept outside of the layer. Shapes are checked, dtypes kept."""

    def __init__(self):
        self.values = weakref.WeakKeyDictionary()

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, layer, owner=None):
        if layer is None:
            return self
        return self.values.get(layer)

    def __set__(self, layer, value):
        old = self.values.get(layer)
        if old is not None and np.shape(value) != np.shape(old):
            raise ValueError(f"{self.name} has shape {np.shape(old)}, not {np.shape(value)}")
        self.values[layer] = np.array(value, copy=True)


def wrap(cls):
    for name in ("weight", "bias", "weight_grad", "bias_grad"):
        parameter = Parameter()
        parameter.__set_name__(cls, name)
        setattr(cls, name, parameter)
    return cls
