class Tensor(np.ndarray):
    """An array with a name, which cannot be compared, printed or tested by accident."""

    name = "?"

    def __array_finalize__(self, other):
        self.name = getattr(other, "name", "?")

    def __bool__(self):
        raise ValueError("use .any() or .all()")

    def __repr__(self):
        raise RuntimeError("too large to print")

    def __reduce__(self):
        raise TypeError("not to be pickled")


def dress(a):
    a = a.view(Tensor)
    a.name = "result"
    return a
