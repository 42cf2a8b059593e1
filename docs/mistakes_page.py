"""Makes `mistakes.md` from the catalogue of mistakes.

python docs/mistakes_page.py
"""

from __future__ import annotations

from pathlib import Path

from autograder.mistakes import catalogue
from autograder.syllabus import Syllabus

PAGE = Path(__file__).with_name("mistakes.md")
HEAD = """# Known mistakes

The autograder recognises these mistakes by what they answer. Each has a title, what
happens and why it is tempting, and two hints: where to look, and the answer. This page
is made from `autograder/mistakes/` by `python docs/mistakes_page.py`.
"""


def page() -> str:
    """The text of the page."""
    parts = [HEAD]
    for task in Syllabus.load().tasks:
        mistakes = [mistake for mistake in catalogue() if mistake.task == task.id]
        if mistakes:
            parts.append(f"## {task.title} (`{task.id}`)\n")
        for mistake in mistakes:
            parts.append(
                f"### {mistake.title}\n\n{mistake.why}\n\n"
                f"- Where to look: {mistake.hints[0]}\n"
                f"- Answer: {mistake.hints[1]}\n"
            )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
