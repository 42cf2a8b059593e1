"""Two texts side by side, with what they share marked in the same colour.

A page in one file, without a script: a number in each mark leads to its counterpart. This
module does not know how what is shared was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from autograder.text import clean, one_line


@dataclass(frozen=True)
class Part:
    """A piece of text; those of one number are the same on both sides, 0 is nobody's."""

    text: str
    number: int = 0


@dataclass(frozen=True)
class Side:
    """What stands on one side: whose it is, and its files."""

    name: str
    files: tuple[tuple[str, tuple[Part, ...]], ...]


STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --soft: #5b6168;
  --line: #d9dce0; --mark: 86%; --edge: 42%; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e6e7e9;
  --soft: #a3a9b0; --line: #33373c; --mark: 21%; --edge: 62%; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
header { padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: 0; color: var(--soft); max-width: 46rem; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
section { padding: 0 1.25rem 2rem; min-width: 0; }
section + section { border-left: 1px solid var(--line); }
h2 { position: sticky; top: 0; margin: 0 -1.25rem; padding: .5rem 1.25rem; font-size: 1rem;
  background: var(--paper); border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { margin: 1.25rem 0 .25rem; font-size: .85rem; color: var(--soft); font-weight: 600; }
pre { margin: 0; font: 13px/1.55 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
mark { color: inherit; background: hsl(var(--h) 70% var(--mark)); border-radius: 3px;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark:target { outline: 2px solid hsl(var(--h) 70% var(--edge)); }
mark a { color: inherit; font-weight: 700; text-decoration: underline; margin-right: .4em;
  padding: 0 .25em; }
@media (max-width: 760px) { main { display: block; }
  section + section { border-left: 0; border-top: 1px solid var(--line); } }
@media print { h2 { position: static; } main { display: block; } mark { border: 1px solid; } }
""".strip()


def render(first: Side, second: Side, summary: str) -> str:
    """The page as HTML.

    Parameters
    ----------
    summary
        A sentence on what is shared.
    """
    title = " and ".join(one_line(side.name) for side in (first, second))
    left, right = _section(first, "a", "b"), _section(second, "b", "a")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}, side by side</title>
<style>
{STYLE}
</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{escape(one_line(summary, 500))}</p>
</header>
<main>
{left}
{right}
</main>
</body>
</html>
"""


def _section(side: Side, own: str, other: str) -> str:
    files = "\n".join(
        f"<h3>{escape(one_line(name))}</h3>\n<pre>{_marked(parts, own, other)}</pre>"
        for name, parts in side.files
    )
    name = escape(one_line(side.name))
    return f'<section aria-label="{name}">\n<h2>{name}</h2>\n{files}\n</section>'


def _marked(parts: Iterable[Part], own: str, other: str) -> str:
    shown = []
    for part in parts:
        text = escape(clean(part.text, len(part.text) * 10 + 100))
        if part.number:
            number = part.number
            hue = round(number * 137.508) % 360  # far from those of the numbers around it
            text = (
                f'<mark id="{own}{number}" style="--h:{hue}">'
                f'<a href="#{other}{number}" aria-label="shared passage {number}, '
                f'to the other side">{number}</a>{text}</mark>'
            )
        shown.append(text)
    # The first line break behind <pre> would be taken for layout.
    return "\n" + "".join(shown)
