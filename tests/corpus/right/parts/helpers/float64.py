import numpy as np


def wrap(cls):
    """Class decorator: everything in float64, whatever comes in."""
    forward, backward = cls.forward, cls.backward

    def as_double(a):
        return a.astype(np.float64) if a.dtype.kind == "f" else a

    def setattr_double(self, name, value):
        if name.split("_")[0] in ("weight", "bias"):
            value = np.array(value, dtype=np.float64)
        object.__setattr__(self, name, value)

    cls.__setattr__ = setattr_double
    cls.forward = lambda self, *args: forward(self, *map(as_double, args))
    cls.backward = lambda self, *args: backward(self, *map(as_double, args))
    return cls
