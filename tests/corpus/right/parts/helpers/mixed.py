import numpy as np


def wrap(cls):
    """Class decorator: forward in float64, backward in float32, gradients kept in float64,
    parameters in float32 after an update"""
    forward, backward = cls.forward, cls.backward

    def cast(args, dtype):
        return [a.astype(dtype) if a.dtype.kind == "f" else a for a in args]

    def mixed_backward(self, *args):
        result = backward(self, *cast(args, np.float32))
        for name in ("weight_grad", "bias_grad"):
            if hasattr(self, name):
                setattr(self, name, getattr(self, name).astype(np.float64))
        return np.asarray(result, np.float32)

    cls.forward = lambda self, *args: forward(self, *cast(args, np.float64))
    cls.backward = mixed_backward
    if hasattr(cls, "update"):
        update = cls.update

        def mixed_update(self, lr):
            update(self, lr)
            self.weight = self.weight.astype(np.float32)
            self.bias = self.bias.astype(np.float32)
        cls.update = mixed_update
    return cls
