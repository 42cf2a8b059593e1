"""A process of the grader's, at which the attacks may try themselves.

Prints where its secret lies in memory and which descriptor holds another, then lives on,
making and removing a file with a telling name, until its parent is gone.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

inbox, secret, held = Path(sys.argv[1]), sys.stdin.readline().strip(), sys.argv[2]
buffer = ctypes.create_string_buffer(secret.encode())
descriptor = os.open(held, os.O_RDWR)
os.unlink(held)
# Others may look at it as far as the system's own rules go.
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)
print(ctypes.addressof(buffer), descriptor, flush=True)
parent = os.getppid()
while os.getppid() == parent:
    (inbox / sys.argv[3]).touch()
    time.sleep(0.02)
    (inbox / sys.argv[3]).unlink(missing_ok=True)
