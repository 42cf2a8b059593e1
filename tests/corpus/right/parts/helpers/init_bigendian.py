import numpy as np


def initial(fan_in, shape):
    """Big-endian numbers, as a data file would have them."""
    return (np.random.randn(*shape) * (2 / fan_in) ** 0.5).astype(">f4")
