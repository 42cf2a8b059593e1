"""The worker and its channel: what it takes, what it refuses, how it ends."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox.isolation import at, best
from autograder.sandbox.launch import Level
from autograder.sandbox.pool import Pool
from autograder.sandbox.problems import Died, Problem, Raised, TimedOut
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Syllabus
from tests.grading import write_package

LIMITS = dataclasses.replace(Syllabus.load().limits, call=5.0)
Make = Callable[..., Submission]

LAYER = """
import numpy as np


class ReLULayer:
    def forward(self, x):
        {body}
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a submission whose `ReLULayer().forward(x)` has a body."""
    pools: list[Pool] = []

    def make(body: str, head: str = "", call: float = 5.0, level: str = "") -> Submission:
        folder = tmp_path / str(len(pools))
        folder.mkdir()
        write_package(folder, init=head + LAYER.format(body=body))
        limits = dataclasses.replace(LIMITS, call=call)
        pools.append(Pool(folder, "student", limits, level_named(level), ahead=1))
        return pools[-1].submission(limits, Budget(60))

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Callable[..., Pool]]:
    """Makes a pool whose package has these files, and was tried."""
    pools: list[Pool] = []

    def prepare(**files: str) -> Pool:
        folder = write_package(tmp_path, init=LAYER.format(body="return x")).parent
        for name, text in files.items():
            (folder / "student" / name).write_text(text, encoding="utf-8")
        pools.append(Pool(folder, "student", LIMITS, best().level, ahead=1))
        pools[-1].probe()
        return pools[-1]

    yield prepare
    for pool in pools:
        pool.close()


def compiled(pool: Pool) -> set[str]:
    """The modules whose bytecode lies beside the package."""
    cache = pool.place.folder / "student" / "__pycache__"
    return {file.name.partition(".")[0] for file in cache.glob("*.pyc")}


def level_named(name: str) -> Level:
    isolation = at(name) if name else best()
    assert isolation is not None
    return isolation.level


def forward(submission: Submission, x: object = np.float64([1.0, -2.0])) -> np.ndarray:
    try:
        return submission.ReLULayer().forward(x)
    finally:
        submission.end()


# Arguments ---------------------------------------------------------------------------


def test_an_array_stays_the_same_object_between_two_calls(make: Make) -> None:
    submission = make("same = getattr(self, 'x', None) is x; self.x = x; return float(same)")
    layer, x = submission.ReLULayer(), submission.array(np.ones(3))
    assert [float(layer.forward(x)) for _ in range(2)] == [0.0, 1.0]
    submission.end()


def test_arrays_are_writable_and_what_was_changed_can_be_seen(make: Make) -> None:
    submission = make("x += 1")
    x = submission.array(np.zeros(3))
    submission.ReLULayer().forward(x)
    np.testing.assert_array_equal(x.read(), [1, 1, 1])
    x.restore()
    np.testing.assert_array_equal(x.read(), [0, 0, 0])
    submission.end()


def test_many_calls_at_once_are_answered_as_if_asked_one_by_one(make: Make) -> None:
    buffer = "import numpy as np\nOUT = np.zeros(3)\n"  # that every call gives, changed
    layer = make("return np.multiply(x, 2, out=OUT)", head=buffer).ReLULayer()
    points = [np.full(3, float(value)) for value in range(4)]
    for point, got in zip(points, layer.call_each("forward", points), strict=True):
        np.testing.assert_array_equal(got, 2 * point)


def test_many_calls_at_once_each_get_their_own_arguments(make: Make) -> None:
    layer = make("x *= self.weight; return x").ReLULayer()
    weights = [np.float64(2), np.float64(3)]
    found = layer.call_each("forward", weights, np.ones(3), attribute="weight")
    np.testing.assert_array_equal(found, [[2, 2, 2], [3, 3, 3]])


def test_many_calls_at_once_have_the_time_of_as_many(make: Make) -> None:
    layer = make("import time; time.sleep(0.4); return x", call=1.0).ReLULayer()
    assert len(layer.call_each("forward", 3 * [np.ones(2)])) == 3
    with pytest.raises(TimedOut):
        make("import time; time.sleep(9)", call=0.2).ReLULayer().call_each("forward", [np.ones(2)])


# Problems ----------------------------------------------------------------------------


def test_an_exception_is_text_with_the_students_line(make: Make) -> None:
    with pytest.raises(Raised) as problem:
        forward(make("return x.nothing"))
    assert problem.value.kind == "AttributeError"
    assert problem.value.frames[-1].file == "student/__init__.py"
    assert problem.value.text == "return x.nothing"


@pytest.mark.parametrize("early", ["import os; os._exit(0)", "import os; os.abort()"])
def test_an_early_end_is_a_failure_also_with_status_0(early: str, make: Make) -> None:
    with pytest.raises(Died, match=r"exit status 0|SIGABRT|SIGSEGV"):
        forward(make(early))


def test_leaving_with_sys_exit_is_an_exception(make: Make) -> None:
    with pytest.raises(Raised, match="SystemExit"):
        forward(make("import sys; sys.exit(0)"))


def test_an_endless_loop_ends_at_its_limit(make: Make) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut):
        forward(make("while True: pass", call=0.5))
    assert time.monotonic() - started < 20


def test_a_stopped_process_ends_at_its_limit(make: Make) -> None:
    with pytest.raises(TimedOut):
        forward(
            make("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", call=0.5, level="none")
        )


def test_endless_output_blocks_nothing_and_is_cut(make: Make) -> None:
    submission = make("print('x' * 5_000_000); return x")
    np.testing.assert_array_equal(submission.ReLULayer().forward(np.ones(2)), [1, 1])
    assert sum(map(len, submission._worker.noise)) < 100_000
    submission.end()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_memory_is_limited(make: Make) -> None:
    with pytest.raises(Raised, match="MemoryError"):
        forward(make("return np.ones(1 << 33)"))


# What the submission can do to the channel ---------------------------------------------

FIND = """
import os, socket, struct, sys, json


def channel():
    for descriptor in range(3, 64):
        try:
            if os.fstat(descriptor).st_mode & 0o170000 == 0o140000:
                return descriptor
        except OSError:
            pass


def frame(number, header, payload=b"", magic=b"BYH1", claimed=None):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    length = len(payload) if claimed is None else claimed
    return struct.pack("<4sIIQ", magic, number, len(text), length) + text + payload


ANSWER = {"values": [{"kind": "array", "dtype": "<f8", "shape": [2]}]}
"""
FORGED = {
    "another number": "os.write(channel(), frame(99, ANSWER, b'\\0' * 16))",
    "another beginning": "os.write(channel(), frame(3, ANSWER, b'\\0' * 16, magic=b'HTTP'))",
    "terabytes announced": "os.write(channel(), frame(3, ANSWER, claimed=1 << 42))",
    "no header": "os.write(channel(), frame(3, b'not json'))",
    "a header that is a list": "os.write(channel(), frame(3, b'[1, 2]'))",
    "deep nesting": "os.write(channel(), frame(3, b'[' * 50_000))",
    "fewer bytes than its shape": "os.write(channel(), frame(3, ANSWER, b'\\0' * 8))",
    "more bytes than its shape": "os.write(channel(), frame(3, ANSWER, b'\\0' * 24))",
    "a type of objects": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'array', 'dtype': '|O',"
        " 'shape': [2]}]}, b'\\0' * 16))"
    ),
    "a negative length": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'array', 'dtype': '<f8',"
        " 'shape': [-2]}]}, b'\\0' * 16))"
    ),
    "two answers at once": "os.write(channel(), 2 * frame(3, ANSWER, b'\\0' * 16))",
    "a reference in place of a value": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'held', 'id': 1}]}))"
    ),
    "a boolean in place of a number": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'other', 'id': True, 'text': ''}]}))"
    ),
    "two values in place of one": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'none'}, {'kind': 'none'}]}))"
    ),
    "a field too many": (
        "os.write(channel(), frame(3, {'values': [{'kind': 'none'}], 'score': 100}))"
    ),
    "an error with arrays": "os.write(channel(), frame(3, {'error': {}}, b'\\0' * 16))",
    "an error that is no error": "os.write(channel(), frame(3, {'error': 7}))",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_answer_ends_the_worker(name: str, make: Make) -> None:
    # Nothing but the forged answer is sent, so its own fault must give it away.
    submission = make(FORGED[name] + "; import time; time.sleep(60)", head=FIND)
    layer = submission.ReLULayer()  # question 2; forward is question 3
    with pytest.raises(Died, match="channel"):
        layer.forward(np.ones(2))
    assert not submission.alive


def test_half_an_answer_ends_at_the_limit(make: Make) -> None:
    body = "os.write(channel(), frame(3, ANSWER, b'\\0' * 16)[:20]); import time; time.sleep(60)"
    with pytest.raises(TimedOut):
        forward(make(body, head=FIND, call=0.5))


def test_an_answer_ahead_of_its_question_is_seen(make: Make) -> None:
    body = "os.write(channel(), frame(4, ANSWER, b'\\0' * 16)); return x"
    submission = make(body, head=FIND)
    layer = submission.ReLULayer()
    with pytest.raises(Problem):
        layer.forward(np.ones(2))
        layer.forward(np.ones(2))


def test_a_closed_channel_is_an_end(make: Make) -> None:
    with pytest.raises(Died):
        forward(make("os.close(channel()); return x", head=FIND))


# What a submission sees ----------------------------------------------------------------


def test_nothing_of_the_kit_can_be_imported(make: Make) -> None:
    for name in ("autograder", "solution", "tests", "pytest"):
        with pytest.raises(Raised, match="ModuleNotFoundError"):
            forward(make(f"import {name}; return x"))


def test_the_environment_is_clean(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1")
    assert forward(make("import os; return float('SECRET' in os.environ)")) == 0.0


def test_linear_algebra_runs_on_one_thread(make: Make) -> None:
    body = "import os; return float(os.environ['OPENBLAS_NUM_THREADS'])"
    assert forward(make(body)) == 1.0


def test_random_numbers_without_a_seed_are_the_same_every_day(make: Make) -> None:
    body = (
        "import random; return [random.random(), np.random.rand(),"
        " np.random.default_rng().random(), np.random.default_rng().random()]"
    )
    first, second = forward(make(body)), forward(make(body))
    np.testing.assert_array_equal(first, second)
    assert len(set(first)) == 4


def test_a_process_is_gone_after_its_end(make: Make) -> None:
    submission = make("return x")
    pid = submission.pid
    submission.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# Compiled once -------------------------------------------------------------------------


def test_what_workers_import_was_compiled_before(prepared: Callable[..., Pool]) -> None:
    pool = prepared(**{"helper.py": "VALUE = 1\n"})
    assert compiled(pool) == {"__init__", "helper"}
    # They take it as it is: the source is only for people from then on.
    (pool.place.folder / "student" / "__init__.py").write_text("", encoding="utf-8")
    for worker in pool.spare:
        worker.end()
    pool.spare = []
    pool.first = None
    assert "ReLULayer" in pool.submission(LIMITS, Budget(60)).names


def test_a_file_that_is_no_python_is_left_out(prepared: Callable[..., Pool]) -> None:
    assert compiled(prepared(**{"notes.py": "this is (no Python"})) == {"__init__"}


def test_a_name_that_is_too_long_for_bytecode_is_no_fault(prepared: Callable[..., Pool]) -> None:
    pool = prepared(**{"n" * 245 + ".py": "VALUE = 1\n"})
    assert compiled(pool) == {"__init__"}
    assert "ReLULayer" in pool.submission(LIMITS, Budget(60)).names


def test_bytecode_that_is_too_large_is_left_out(
    prepared: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.sandbox.submission.LARGEST", 10)
    pool = prepared()
    assert compiled(pool) == set()
    assert "ReLULayer" in pool.submission(LIMITS, Budget(60)).names


@pytest.mark.parametrize(
    ("kind", "message", "advice"),
    [
        ("ModuleNotFoundError", "No module named 'scipy'", "there are NumPy, Python's own"),
        ("SyntaxError", "'utf-8' codec can't decode byte 0xe4", "not saved as UTF-8"),
    ],
)
def test_an_import_that_fails_says_what_to_do(kind: str, message: str, advice: str) -> None:
    assert advice in str(Raised("import", kind, (kind, "Exception"), message, (), ""))
