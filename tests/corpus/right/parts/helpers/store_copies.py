import numpy as np


def guarded(name):
    """A property that hands out read-only copies, and takes copies of what is assigned."""
    def get(self):
        if name not in vars(self):
            raise AttributeError(name)
        value = vars(self)[name].copy()
        value.setflags(write=False)
        return value

    def put(self, value):
        vars(self)[name] = np.array(value)

    return property(get, put)


def wrap(cls):
    for name in ("weight", "bias", "weight_grad", "bias_grad"):
        setattr(cls, name, guarded(name))
    return cls
