import numpy as np


def initial(fan_in, shape):
    """He's uniform form: the variance of U(-a, a) is a^2 / 3."""
    limit = np.sqrt(6 / fan_in)
    return np.random.uniform(-limit, limit, shape).astype(np.float32)
