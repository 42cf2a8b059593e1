"""What all HTML pages share: templates that escape everything, the style, and no way out.

A page is one file. Its policy lets it load nothing and run no script but the one whose
hash it names, so that a text which got past the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder import __version__
from autograder.reports import figures, telling
from autograder.text import clean, one_line

TEMPLATES = Path(__file__).with_name("templates")
SYMBOLS = {
    "passed": "✓",
    "failed": "✗",
    "crashed": "!",
    "timed out": "⧗",
    "not implemented": "○",
    "skipped": "–",
    "grader error": "?",
}


@cache
def environment() -> Environment:
    """Of the templates."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "line": one_line,
        "text": clean,
        "number": number,
        "slug": slug,
        "words": telling.words,
        "path": lambda name: quote(name, safe=""),
    }
    made.globals |= {
        "version": __version__,
        "symbols": SYMBOLS,
        "colours": figures.colours,
        "policy": policy,
    }
    return made


def policy(script: str = "") -> str:
    """What a page may do, for its `Content-Security-Policy`."""
    allowed = "'none'"
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
        allowed = f"'sha256-{digest}'"
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {allowed};"
        " base-uri 'none'; form-action 'none'"
    )


def number(value: float) -> str:
    """A number of points, without digits that say nothing."""
    return f"{round(value, 2):g}"


def slug(text: str) -> str:
    """A name that can be a class or an anchor."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)
