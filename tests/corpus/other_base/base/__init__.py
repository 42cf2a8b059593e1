from .cnn import *  # noqa: F403
from .dataset import load_dataset as load_dataset
