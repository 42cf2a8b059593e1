import functools


class Counted:
    """A method that counts its calls: a descriptor, not a function."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function, self.calls = function, 0

    def __get__(self, instance, owner=None):
        return functools.partial(self, instance)

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def wrap(cls):
    for name, value in list(vars(cls).items()):
        if name in ("forward", "backward", "update", "train", "test", "predict"):
            setattr(cls, name, Counted(value))
    return cls
