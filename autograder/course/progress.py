"""Shows how far a class run is: a table that renews itself, or plain lines."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from autograder.course import jobs
from autograder.course.class_run import Entry
from autograder.course.jobs import Done
from autograder.text import one_line

BAR = 30
SHOWN = 6  # submissions that ended last


class ClassProgress:
    """Tells of each submission as it ends.

    Parameters
    ----------
    stream
        On a terminal a table is drawn again and again in one place; elsewhere each
        submission is a line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.began = time.monotonic()
        self.total, self.drawn = 0, 0
        self.outcomes: Counter[str] = Counter()
        self.last: list[str] = []

    def read(self, count: int, total: int) -> None:
        if self.live and (count % 20 == 0 or count + 1 == total):
            self.draw([f"reading submissions: {count + 1} of {total}"])

    def planned(self, entries: Sequence[Entry], todo: int) -> None:
        self.clear()
        handed_in = sum(bool(entry.place.hand_in) for entry in entries)
        refused = sum(bool(entry.reason and not entry.key) for entry in entries)
        distinct = len({entry.key for entry in entries if entry.key})
        self.say(
            f"{len(entries)} students, {handed_in} submissions, {distinct} different,"
            f" {refused} refused; {todo} to grade"
        )
        self.began, self.total = time.monotonic(), todo

    def ended(self, done: Done, names: Sequence[str]) -> None:
        who = one_line(", ".join(names), 40)
        if done.state == jobs.DONE:
            what = f"{done.score:g} of {done.max_score:g}"
            full = done.score == done.max_score
            self.outcomes["full marks" if full else "points lost"] += 1
        else:
            self.outcomes[done.state] += 1
            what = f"{done.state}: {one_line(done.reason, 60)}" if done.reason else done.state
        line = f"{who:<40}  {what:>12}  {done.seconds:6.1f} s"
        if self.live:
            self.last = [*self.last, line][-SHOWN:]
            self.alive()
        else:
            count = sum(self.outcomes.values())
            self.say(f"[{count:>{len(str(self.total))}}/{self.total}] {line}")

    def alive(self) -> None:
        if self.live:
            self.draw([*self.last, *self.table()])

    def table(self) -> list[str]:
        count = sum(self.outcomes.values())
        passed = time.monotonic() - self.began
        filled = BAR * count // max(self.total, 1)
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {count} of {self.total}"
        if count:
            left = passed / count * (self.total - count)
            line += f", {60 * count / passed:.1f} a minute, {duration(left)} left"
        outcomes = ", ".join(f"{number} {name}" for name, number in self.outcomes.items())
        return [line, outcomes]

    def draw(self, lines: Sequence[str]) -> None:
        """Draw lines where those stand that were drawn last."""
        width = shutil.get_terminal_size().columns - 1
        self.clear()
        text = "\n".join(one_line(line, width) for line in lines)
        self.stream.write(text + "\n")
        self.stream.flush()
        self.drawn = len(lines)

    def clear(self) -> None:
        if self.drawn:
            self.stream.write(f"\x1b[{self.drawn}A\x1b[J")
            self.drawn = 0

    def say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
