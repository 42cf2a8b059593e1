from student.net import *
from student.net import __all__
from student.data import load_dataset
__all__ += ["load_dataset"]
