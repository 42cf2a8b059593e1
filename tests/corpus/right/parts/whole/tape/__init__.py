from .autograd import Tensor
from .net import *
from .files import load_dataset
