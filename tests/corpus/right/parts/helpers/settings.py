import atexit
import faulthandler
import gc
import locale
import os
import random
import sys
import threading
import time
import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"
sys.setrecursionlimit(100_000)
gc.disable()
np.random.seed(0)
random.seed(0)
np.set_printoptions(precision=1, suppress=True, threshold=3)
locale.setlocale(locale.LC_ALL, "C")
try:
    faulthandler.enable()
except Exception:
    pass


def heartbeat():
    while True:
        time.sleep(0.05)
        print("still here", threading.active_count(), file=sys.stderr)


threading.Thread(target=heartbeat, daemon=True).start()
atexit.register(print, "good bye")


def wrap(cls):
    return cls
