"""Hostile submissions: what each tries, and what must hold when it does.

A `Hostile` is a package whose `ReLULayer` is right, or plainly wrong, plus an attack: a few
lines that run at import, in the first call, when an object dies, at exit or in a thread. It
knows where everything is (`inside.py`, written into the package with the addresses of a
`Yard`): the more an attack knows, the more its failure says.

What must hold is a name out of `PROMISES`. Each promise rests on a capability that isolation
may or may not give here; those that rest on none hold at every level, also without isolation.
Each promise that an attack is up against is shown to be *broken* by it in a naive grader
(`naive.py`), or its failure elsewhere would mean nothing.

Everything is bounded by its own code: at most 40 processes, which end by themselves within
20 seconds, 64 MB of files, 700 MB of memory, and nothing is touched outside a yard but names
that hold the yard's own mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALWAYS = "always"  # in place of a capability: it needs none

PROMISES = {
    "no points": ALWAYS,  # what was not computed earns nothing
    "in time": ALWAYS,  # the grading ends within its limits
    "short": ALWAYS,  # a result stays small whatever is said and printed
    "clean": ALWAYS,  # nothing in a report can move a cursor, turn a line, begin a command
    "secret": "files_hidden",  # no canary comes out
    "no gain": "others_protected",  # what was wanted of the system was not had
    "unharmed": "others_protected",  # a process of the grader's runs as it ran before
    "untouched": "writes_confined",  # files outside the scratch folder are what they were
    "silence": "network_denied",  # nobody who listens has heard anything
    "gone": "tree_killed",  # no process is left
    "neighbours": ALWAYS,  # the other task, which is right, has its points
}

RIGHT = "return np.maximum(x, 0)"
WRONG = "return x + 1"


@dataclass(frozen=True)
class Hostile:
    """One hostile submission.

    Parameters
    ----------
    name
        Says what it tries.
    holds
        The promises that it is up against.
    attack
        Statements, run once. Exceptions in them are passed over, so that a later step may
        still succeed; in a call, `x` is the argument.
    when
        The attack runs at "import", in the first "call", when an object is deleted ("del"),
        at "exit" or in a "thread" that the import starts.
    top
        More of the module, before the layer.
    answer
        The last statements of `forward`; by default wrong where points are at stake.
    files
        More files of the package; "../name" lies beside it.
    needs
        The capability that its promises rest on, where it is not the usual one.
    naive
        Which of the naive graders it is shown to succeed against.
    tasks
        What is graded; "relu.backward" is always right.
    twice
        Whether it takes two runs, the first of which leaves something for the second.
    root
        Whether only root could do it, anywhere.

    Some attacks need what a kernel may lack, or refuse to everybody: `RARE` in `corpus.py`.
    """

    name: str
    holds: tuple[str, ...]
    attack: str = "pass"
    when: str = "call"
    top: str = ""
    answer: str = ""
    files: dict[str, str | bytes] = field(default_factory=dict)
    needs: str = ""
    naive: str = "allclose"
    tasks: tuple[str, ...] = ("relu.forward",)
    twice: bool = False
    root: bool = False

    def capability(self, promise: str) -> str:
        """What a promise rests on, for this attack."""
        return PROMISES[promise] if self.needs == "" else self.needs

    def sources(self) -> dict[str, str | bytes]:
        """The files of the package, but the one that knows the yard."""
        answer = self.answer or (WRONG if "no points" in self.holds else RIGHT)
        start = {
            "import": "once()",
            "exit": "import atexit\n\natexit.register(once)",
            "thread": "import threading\n\nthreading.Thread(target=once, daemon=True).start()",
        }.get(self.when, "")
        layers = LAYERS.format(
            top=self.top.strip(),
            attack=indented(self.attack, 4),
            start=start,
            call="once(x)" if self.when == "call" else "pass",
            answer=indented(answer, 8),
            delete=DELETE if self.when == "del" else "",
        )
        sources: dict[str, str | bytes] = {
            "__init__.py": "from .layers import ReLULayer\n",
            "layers.py": layers,
        }
        return sources | self.files


def indented(text: str, by: int) -> str:
    lines = text.strip("\n").splitlines()
    return "\n".join(" " * by + line if line.strip() else "" for line in lines)


LAYERS = """
import contextlib
import os
import sys
import time

import numpy as np

from .inside import *

{top}


def attack(x=None):
{attack}


RAN = []


def once(x=None):
    if not RAN:
        RAN.append(True)
        with contextlib.suppress(Exception):
            attack(x)


{start}


class ReLULayer:
    def forward(self, x):
        {call}
        if FOUND:
            raise RuntimeError(" ".join(FOUND))
{answer}

    def backward(self, x, last_x_grad):
        return last_x_grad * (x > 0)
{delete}
"""

DELETE = """
    def __del__(self):
        once()
"""
