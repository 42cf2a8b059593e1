"""What holds for all tests: linear algebra on one thread.

More threads than cores make small matrix products many times slower, and the
libraries read these variables once, when NumPy is imported: so before it.
"""

from __future__ import annotations

import os

import pytest

for _name in ("OMP", "OPENBLAS", "MKL", "VECLIB"):
    _kind = "MAXIMUM" if _name == "VECLIB" else "NUM"
    os.environ[f"{_name}_{_kind}_THREADS"] = "1"


@pytest.fixture
def quick_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public cases without fingerprints, which take a minute to make."""
    from autograder.cases.given import load_cases  # after the variables above are set
    from autograder.course import public_cases
    from autograder.syllabus import Syllabus

    plain = load_cases(None, Syllabus.load())
    monkeypatch.setattr(public_cases, "make", lambda syllabus, tell=None: plain)
