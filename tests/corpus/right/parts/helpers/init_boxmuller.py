import numpy as np


def initial(fan_in, shape):
    u, v = np.random.random_sample((2,) + tuple(shape))
    return np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v) * np.sqrt(2 / fan_in)
