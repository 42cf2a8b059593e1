"""Answers that are no answers: each is refused, or taken for the numbers that it is."""

from __future__ import annotations

from tests.corpus.hostile import Hostile


def odd(name: str, answer: str, naive: str = "allclose", top: str = "", **more: object) -> Hostile:
    holds = more.pop("holds", ("no points",))
    return Hostile(name, holds, answer=answer, naive=naive, top=top, **more)  # type: ignore[arg-type]


HOSTILE = (
    odd(
        "answers NaN where it is wrong",
        "y = np.maximum(x, 0)\ny[x < 0] = np.nan\nreturn y",
        "error",
    ),
    odd(
        "answers text that reads as numbers",
        "return np.array([[Word(v)] for v in np.maximum(x, 0).ravel()], dtype=object)",
        "equal",
        "class Word(str):\n    def __eq__(self, other):\n        return True",
    ),
    odd(
        "answers right, as objects",
        "return np.maximum(x, 0).astype(object)",
        "error",
    ),
    odd("answers right, as a nest of tuples", "return tuple(map(tuple, np.maximum(x, 0)))"),
    odd("answers right, by the way of an iterator", "return iter(np.maximum(x, 0))", "close"),
    odd("answers right, once", "return (v for v in np.maximum(x, 0))", "close"),
    odd(
        "answers right, as a view that moves on",
        "return Moving(x)",
        "error",
        """
class Moving:
    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return np.maximum(self.x, 0)

    def __sub__(self, other):
        return np.maximum(self.x, 0) - other
""",
    ),
    odd("answers right, as complex numbers with a rest", "return np.maximum(x, 0) + 1e-9j"),
    odd("answers right, in another shape", "return np.maximum(x, 0).reshape(1, *x.shape)"),
    odd(
        "answers right, many times over", "return np.broadcast_to(np.maximum(x, 0), (3, *x.shape))"
    ),
    odd(
        "answers right, in the low precision of half", "return np.maximum(x, 0).astype(np.float16)"
    ),
    odd(
        "claims another shape than it has",
        "y = (x + 1).view(Liar)\nreturn y",
        "equal",
        """
class Liar(np.ndarray):
    size = property(lambda self: 1 << 40)
    dtype = property(lambda self: np.dtype("f8"))
    nbytes = property(lambda self: 8)
    __eq__ = lambda self, other: True
""",
    ),
    odd(
        "claims terabytes",
        "return Liar(np.broadcast_to(np.float64(1), (1 << 20, 1 << 22)))",
        "equal",
        """
class Liar:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array

    def __eq__(self, other):
        return True
""",
    ),
    odd(
        "is a list that tells another length",
        "return Liar([[1.0]] * 4)",
        "equal",
        """
class Liar(list):
    def __len__(self):
        return 1 << 62

    def __eq__(self, other):
        return True
""",
    ),
    odd(
        "is a list that holds itself",
        "y = Liar()\ny.append(y)\nreturn y",
        "equal",
        "class Liar(list):\n    def __eq__(self, other):\n        return True",
    ),
    odd(
        "is a list that changes while it is read",
        "return Liar([[0.0]] * 4)",
        "equal",
        """
class Liar(list):
    def __iter__(self):
        for index in range(4):
            self.append(object())
            yield self

    def __eq__(self, other):
        return True
""",
    ),
    odd(
        "is a mask over everything",
        "return np.ma.masked_all(x.shape)",
        "error",
    ),
    odd(
        "is a constant of the masked module",
        "return np.ma.masked",
        "error",
    ),
    odd(
        "is a class in place of an object",
        "return Liar",
        "equal",
        """
class Meta(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__

class Liar(metaclass=Meta):
    pass
""",
    ),
    odd(
        "is a module",
        "return Liar('numbers')",
        "equal",
        "import types\n\n"
        "class Liar(types.ModuleType):\n    def __eq__(self, other):\n        return True",
    ),
    odd(
        "is an exception that is returned",
        "return Liar('passed')",
        "equal",
        "class Liar(Exception):\n    def __eq__(self, other):\n        return True",
    ),
    odd(
        "is a mock, which has every attribute",
        "from unittest.mock import MagicMock\n\n"
        "y = MagicMock()\ny.__eq__.side_effect = lambda other: True\nreturn y",
        "equal",
    ),
    odd(
        "is a proxy for what it is asked for",
        "return Liar(x + 1)",
        "equal",
        """
class Liar:
    def __init__(self, inner):
        object.__setattr__(self, "inner", inner)

    def __getattribute__(self, name):
        return getattr(object.__getattribute__(self, "inner"), name)

    def __eq__(self, other):
        return True
""",
    ),
    odd(
        "is a weak reference that dies",
        "import weakref\n\nreturn weakref.proxy(KEPT)",
        "equal",
        "class Liar:\n    def __eq__(self, other):\n        return True\n\nKEPT = Liar()",
    ),
    odd(
        "is a number in place of an array",
        "return Liar(0.0)",
        "equal",
        "class Liar(float):\n    def __eq__(self, other):\n        return True",
    ),
    odd(
        "is a table",
        "return Liar(x=1)",
        "equal",
        "class Liar(dict):\n    def __eq__(self, other):\n        return True",
    ),
)
