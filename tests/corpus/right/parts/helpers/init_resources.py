import io
import pkgutil
from importlib import resources
import numpy as np

GAIN = float(resources.files(__package__).joinpath("gain.txt").read_text())
NORMALS = np.load(io.BytesIO(pkgutil.get_data(__package__, "normals.npy")))
NORMALS = (NORMALS - NORMALS.mean()) / NORMALS.std()


def initial(fan_in, shape):
    """Drawn, with replacement, from numbers that a file of the package holds."""
    return (np.random.choice(NORMALS, size=shape) * np.sqrt(GAIN / fan_in)).astype("f4")
