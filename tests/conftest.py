"""What holds for all tests: linear algebra on one thread.

More threads than cores make small matrix products many times slower, and the
libraries read these variables once, when NumPy is imported: so before it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for _name in ("OMP", "OPENBLAS", "MKL", "VECLIB"):
    _kind = "MAXIMUM" if _name == "VECLIB" else "NUM"
    os.environ[f"{_name}_{_kind}_THREADS"] = "1"


# Fixtures that take long, and are made once for all tests of a file.
SHARED = ("site", "chromium", "made", "kept", "wheel", "given", "shipped")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run the tests, those that share such a fixture stay together."""
    for item in items:
        for name in SHARED:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{name}"))


@pytest.fixture
def quick_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public cases without fingerprints, which take a minute to make, and an empty wheel."""
    from autograder.cases.given import load_cases  # after the variables above are set
    from autograder.course import public_cases, wheels
    from autograder.syllabus import Syllabus

    plain = load_cases(None, Syllabus.load())
    monkeypatch.setattr(public_cases, "make", lambda syllabus, tell=None: plain)

    def empty(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "byhand-0-py3-none-any.whl").write_bytes(b"")

    monkeypatch.setattr(wheels, "own", empty)
