"""What can go wrong while a submission answers: each problem knows the outcome it means.

The texts are for the student. They name the call, and the student's own file and line,
never a line of this program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from autograder.text import clean, one_line


class Problem(Exception):
    """The submission did not answer a question with numbers."""

    status: ClassVar[str] = "failed"


class NotNumbers(Problem):
    """An answer that is not an array of numbers where one was expected."""


class TimedOut(Problem):
    """No answer within the limit."""

    status = "timed out"


class Died(Problem):
    """The process ended, or broke the rules of the channel, before it answered."""

    status = "crashed"


class GraderBroken(Problem):
    """The worker could not be started: no fault of the submission."""

    status = "grader error"


@dataclass(frozen=True)
class Frame:
    """One line of a traceback that lies in the submission."""

    file: str
    line: int
    function: str  # qualified: "ReLULayer.forward"

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"


class Raised(Problem):
    """The submission raised an exception.

    Parameters
    ----------
    call
        What was asked, in words.
    kind, kinds
        The name of the exception's class, and of all its bases.
    message, text
        What the exception says, and the source line that raised it.
    frames
        The submission's own lines of the traceback, outermost first.
    """

    def __init__(
        self,
        call: str,
        kind: str,
        kinds: tuple[str, ...],
        message: str,
        frames: tuple[Frame, ...],
        text: str,
    ) -> None:
        self.call, self.kind, self.kinds = call, kind, kinds
        self.message, self.frames, self.text = message, frames, text
        super().__init__(self.describe())

    @property
    def status(self) -> str:  # type: ignore[override]
        return "not implemented" if self.not_implemented else "crashed"

    @property
    def not_implemented(self) -> bool:
        return "NotImplementedError" in self.kinds

    def passes_through(self, names: set[str]) -> str | None:
        """The innermost of these functions (`ReLULayer.forward`) that the traceback holds."""
        for frame in reversed(self.frames):
            if frame.function in names:
                return frame.function
        return None

    def describe(self) -> str:
        """The exception in a few lines: what, where, the line of code, in which call."""
        headline = one_line(f"{self.kind}: {self.message}" if self.message else self.kind, 300)
        lines = [headline]
        if self.frames:
            lines.append(f"  in {one_line(self.frames[-1].where)}")
            if self.text:
                lines.append(f"    {one_line(self.text)}")
        if len(self.frames) > 1:
            lines.append(f"  called from {one_line(self.frames[-2].where)}")
        if self.call != "import":
            lines.append(f"  in the call {self.call}")
        if "ModuleNotFoundError" in self.kinds:
            lines.append("  there are NumPy, Python's own modules and the files of the package")
        if "SyntaxError" in self.kinds and "codec can't decode" in self.message:
            lines.append("  the file is not saved as UTF-8: let your editor save it so")
        return clean("\n".join(lines))
