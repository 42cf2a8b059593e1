import random
import numpy as np


def initial(fan_in, shape):
    """random.gauss of the standard library, one number at a time"""
    sigma = (2 / fan_in) ** 0.5
    numbers = [random.gauss(0.0, sigma) for _ in range(int(np.prod(shape)))]
    return np.array(numbers, dtype=np.float32).reshape(shape)
