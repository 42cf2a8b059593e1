"""`python -m autograder` is the command `autograder`."""

import sys
from pathlib import Path

# Python puts the working folder first on the path: a file there called `json.py` would
# run in this process. Only a checkout of the kit itself may stay.
if sys.path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
    del sys.path[0]

from autograder.cli import program

if __name__ == "__main__":
    program()
