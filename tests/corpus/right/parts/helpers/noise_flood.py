import sys

LINE = "loss is going down, everything is fine, " * 25 + "\n"


def wrap(cls):
    """Class decorator: more output on each call than a pipe holds."""
    old = cls.forward

    def forward(self, *args, **kwargs):
        for _ in range(70):
            sys.stdout.write(LINE)
        for _ in range(5):
            sys.stderr.write(LINE)
        return old(self, *args, **kwargs)

    cls.forward = forward
    return cls
