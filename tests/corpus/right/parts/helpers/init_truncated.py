import numpy as np


def initial(fan_in, shape):
    """Normal, cut off at two, as Keras does it: divided by the deviation that is left."""
    w = np.random.randn(*shape)
    while (outside := np.abs(w) > 2).any():
        w[outside] = np.random.randn(outside.sum())
    return (w / 0.87962566103423978 * np.sqrt(2 / fan_in)).astype(np.float32)
