"""Times a run of `autograder class`, and tells what memory its main process takes.

    python -m tests.measure_class FOLDER [OPTION …]

The folder can be made by `tests/class_of.py`; options are those of `autograder class`. The
result goes to a temporary folder. docs/inside/scale.md has the figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time

from autograder.sandbox import memory


def main() -> None:
    """Print seconds of the clock, seconds of all processors, and megabytes."""
    peak = 0
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "autograder", "class", *sys.argv[1:], "--out", out]
        started = time.monotonic()
        run = subprocess.Popen(command)

        def watch() -> None:
            nonlocal peak
            while run.returncode is None:
                peak = max(peak, memory.peak(run.pid) or 0)
                time.sleep(0.1)

        threading.Thread(target=watch, daemon=True).start()
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    print(
        f"exit status {run.returncode}; {time.monotonic() - started:.1f} s of the clock,"
        f" {used.ru_utime + used.ru_stime:.1f} s of processors,"
        f" {peak / 1e6:.0f} MB in the main process at the most"
    )


if __name__ == "__main__":
    main()
