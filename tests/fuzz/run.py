"""Fuzz one door for some minutes: `python -m tests.fuzz.run hypothesis channel 600`."""

from __future__ import annotations

import collections
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from autograder.sandbox import frames
from tests.fuzz import targets

DOORS: dict[str, tuple[Callable[[Any], str], Any]] = {
    "channel": (targets.channel, targets.answers()),
    "value": (targets.value, targets.values),
    "handed_in": (targets.handed_in, targets.archives()),
}
FIELDS = "values kind array dtype shape other id text held none error type types message frames"
WORDS = [
    *(rf"\"{word}\"" for word in FIELDS.split()),
    *(rf"\"{name}\"" for name in (*frames.DTYPES, "|O")),
    *("BYH1", "true", "null", "-1", "1e9", "4294967296", "[]", "{}"),
    *(r"PK\x01\x02", r"PK\x03\x04", r"PK\x05\x06", r"PK\x06\x06", r"PK\x06\x07", "ustar"),
    *("student/", "layers.py", "../", "12 path=a\\x0a", "GNU.sparse.map=0", r"\x1f\x8b\x08"),
]


def by_hypothesis(door: str, seconds: float) -> None:
    """Draw inputs from the door's strategy, another seed each round."""
    target, strategy = DOORS[door]
    seen: collections.Counter[str] = collections.Counter()

    @settings(
        max_examples=2000,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def rounds(drawn: Any) -> None:
        seen[target(drawn)] += 1

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rounds()
    print(f"{door}: {sum(seen.values()):,} inputs, {dict(seen)}")


def by_atheris(door: str, seconds: float) -> None:
    """Let coverage lead: raw bytes for the files and the channel, drawn values for the rest."""
    import atheris

    target, strategy = DOORS[door]
    seen: collections.Counter[str] = collections.Counter()
    corpus = tempfile.mkdtemp(prefix=f"fuzz-{door}-")
    if door == "value":

        @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def drawn(value: Any) -> None:
            seen[target(value)] += 1

        one = drawn.hypothesis.fuzz_one_input
    else:
        target = targets.channel_or_content if door == "channel" else target

        def one(data: bytes) -> None:
            seen[target(data)] += 1

    for number, sample in enumerate(samples(door)):
        Path(corpus, str(number)).write_bytes(sample)

    def run(data: bytes) -> None:
        one(data)
        if sum(seen.values()) % 5000 == 0:
            print(f"{door}: {dict(seen)}", file=sys.stderr, flush=True)

    # Only what is ours: the coverage of NumPy and of hypothesis would lead astray.
    from autograder import archives, files, intake
    from autograder.sandbox import process, submission, worker

    for module in (archives, files, intake, frames, process, submission, worker):
        for name, held in list(vars(module).items()):
            if callable(held) and getattr(held, "__module__", "") == module.__name__:
                instrument(atheris, module, name, held)
    import tarfile
    import zipfile

    for cls in (zipfile.ZipFile, tarfile.TarFile, tarfile.TarInfo):
        instrument_class(atheris, cls)
    options = [f"-max_total_time={int(seconds)}", "-max_len=8192", "-rss_limit_mb=4096"]
    words = Path(corpus + ".words")
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    options += [f"-artifact_prefix={corpus}.", "-timeout=20", "-len_control=10", f"-dict={words}"]
    atheris.Setup([sys.argv[0], *options, corpus], run)
    atheris.Fuzz()


def instrument(atheris: Any, owner: Any, name: str, held: Any) -> None:
    if isinstance(held, type):
        instrument_class(atheris, held)
    elif hasattr(held, "__code__"):
        setattr(owner, name, atheris.instrument_func(held))


def instrument_class(atheris: Any, cls: type) -> None:
    for name, held in list(vars(cls).items()):
        if hasattr(held, "__code__"):
            setattr(cls, name, atheris.instrument_func(held))


def samples(door: str) -> list[bytes]:
    if door == "handed_in":
        return targets.samples()
    if door == "value":  # nothing to begin with but length
        return [random.Random(size).randbytes(size) for size in (16, 64, 256, 1024, 4096)]
    array = b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [2]}]}'
    other = b'{"values": [{"kind": "other", "id": 1, "text": "a"}, {"kind": "none"}]}'
    held = b'{"values": [{"kind": "held", "id": 1}]}'
    error = b'{"error": {"type": "a", "types": ["a"], "message": "m", "frames": [], "text": ""}}'
    whole = [(array, b"\0" * 16), (other, b""), (held, b""), (error, b"")]
    return [targets.frame(*pair) for pair in whole] + [b"\n".join(pair) for pair in whole]


if __name__ == "__main__":
    engine, which, limit = sys.argv[1:]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    {"hypothesis": by_hypothesis, "atheris": by_atheris}[engine](which, float(limit))
