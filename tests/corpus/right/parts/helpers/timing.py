import time
from collections import defaultdict
from contextlib import contextmanager
from functools import wraps

SECONDS = defaultdict(float)
try:
    LOG = open(__file__ + ".log", "a")
except OSError:
    LOG = None


@contextmanager
def stopwatch(name):
    start = time.perf_counter()
    try:
        yield
    finally:
        SECONDS[name] += time.perf_counter() - start
        if LOG is not None and LOG.tell() < 10_000:
            LOG.write(f"{name} {SECONDS[name]:.6f}\n")


def timed(method):
    @wraps(method)
    def inner(*args, **kwargs):
        with stopwatch(method.__qualname__):
            return method(*args, **kwargs)
    return inner


def wrap(cls):
    for name, value in list(vars(cls).items()):
        if callable(value) and not name.startswith("__"):
            setattr(cls, name, timed(value))
    return cls
