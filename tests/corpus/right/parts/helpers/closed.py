import os
import sys

# nothing may be printed any more
sys.stdout = open(os.devnull, "w")
sys.stderr.close()
sys.stderr = None


def wrap(cls):
    return cls
