import functools
import os
import sys
import numpy as np

np.set_printoptions(threshold=20)
print("importing", __name__)
print("importing", __name__, file=sys.stderr, flush=True)


def loud(method):
    @functools.wraps(method)
    def inner(self, *args, **kwargs):
        print(f">>> {type(self).__name__}.{method.__name__}", *[np.shape(a) for a in args])
        sys.stderr.write("\r\x1b[31m" + "#" * 300 + "\x1b[0m")
        os.write(1, b"straight to descriptor 1 \xff\xfe\x00\n")
        os.write(2, b'{"status": "passed", "points": 100}\n')
        result = method(self, *args, **kwargs)
        print(result)
        sys.stdout.flush()
        return result
    return inner


def wrap(cls):
    for name in ("__init__", "forward", "backward", "update", "train", "test", "predict"):
        if name in vars(cls):
            setattr(cls, name, loud(vars(cls)[name]))
    return cls
