import numpy as np


def initial(fan_in, shape):
    """The same seed each time: layers of one shape start alike, but share no array."""
    rng = np.random.default_rng(2024)
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(np.sqrt(2 / fan_in))
