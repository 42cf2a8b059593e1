import numpy as np


def wrap(cls):
    """Class decorator: a layer answers with one buffer, written again at its next call."""
    for name in ("forward", "backward"):
        setattr(cls, name, reusing(getattr(cls, name), "_buffer_" + name))
    return cls


def reusing(method, slot):
    def inner(self, *args):
        result = method(self, *args)
        buffer = getattr(self, slot, None)
        if buffer is None or buffer.shape != result.shape or buffer.dtype != result.dtype:
            buffer = np.empty(result.shape, result.dtype)
            setattr(self, slot, buffer)
        buffer[...] = result
        return buffer
    return inner
