import functools
import warnings
import numpy as np

np.seterr(all="raise")
warnings.simplefilter("error")


def wrap(cls):
    """Class decorator: floating-point errors raise, but underflow is what we expect."""
    for name in ("forward", "backward", "update", "train", "test", "predict"):
        if name in vars(cls):
            setattr(cls, name, calm(vars(cls)[name]))
    return cls


def calm(method):
    @functools.wraps(method)
    def inner(*args, **kwargs):
        with np.errstate(under="ignore"):
            return method(*args, **kwargs)
    return inner
