import io
import sys

# Windows consoles cannot print the arrows below otherwise
sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
sys.stderr.reconfigure(encoding="utf-8")
print("→ 网络 →", sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty())
sys.stdout.buffer.write(b"bytes\n")
sys.__stdout__.write("the first stdout\n")


class Silence(io.StringIO):
    pass


def wrap(cls):
    """Class decorator: while a method runs, stdout and stderr are something else."""
    old = cls.forward

    def forward(self, *args):
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = Silence()
        try:
            print("nobody sees this")
            return old(self, *args)
        finally:
            sys.stdout, sys.stderr = before

    cls.forward = forward
    return cls
