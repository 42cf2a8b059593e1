"""How a check says that an answer is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks.evidence import arrays


class CheckFailed(Exception):
    """An answer came and it is wrong.

    Parameters
    ----------
    message
        For the student: what was expected, what came, where they differ first, in which
        call; at most eight lines, and a map.
    expected, got
        The arrays, where there are any, for those who explain or draw the difference.
    before
        What was there before a step, where the answer is what a step made of it.
    fault
        A kind of fault that the check itself tells for sure; `diagnosis.forms` has the words.
    evidence
        What a report can draw, where it is not these arrays.
    """

    status = "failed"

    def __init__(
        self,
        message: str,
        expected: np.ndarray | None = None,
        got: np.ndarray | None = None,
        before: np.ndarray | None = None,
        fault: str = "",
        evidence: dict[str, Any] | None = None,
    ) -> None:
        self.expected, self.got, self.before, self.fault = expected, got, before, fault
        self.evidence = evidence or arrays(expected, got)
        super().__init__(message)


class Waits(Exception):
    """A check that cannot be judged before another task works.

    Parameters
    ----------
    on
        The id of that task.
    reason
        What it did instead of working.
    crashed
        Whether it raised an exception, rather than being missing or slow.
    """

    status = "skipped"

    def __init__(self, on: str, reason: str, crashed: bool = False) -> None:
        self.on, self.crashed = on, crashed
        super().__init__(f"waits for {on}: {reason}")
