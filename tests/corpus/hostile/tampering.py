"""Points without an answer: everything that judges is patched, shadowed, deceived or forged."""

from __future__ import annotations

from tests.corpus.hostile import Hostile


def cheat(name: str, attack: str = "pass", **more: object) -> Hostile:
    holds = more.pop("holds", ("no points",))
    more.setdefault("when", "import")
    return Hostile(name, holds, attack, **more)  # type: ignore[arg-type]


# What is compared is a liar.
LIARS = (
    cheat("makes np.allclose agree", "np.allclose = lambda *a, **k: True"),
    cheat(
        "makes NumPy's assertions agree",
        "np.testing.assert_allclose = lambda *a, **k: None",
        naive="assert",
    ),
    cheat(
        "makes differences vanish",
        "np.abs = lambda x: np.zeros(np.shape(x))",
        naive="error",
    ),
    cheat(
        "makes np.maximum agree with itself",
        "np.maximum = lambda x, y: np.ones_like(x)",
        naive="reference",
        answer="return np.maximum(x, 0)",
    ),
    cheat(
        "makes all() true",
        "import builtins\n\nbuiltins.all = lambda _: True",
        naive="close",
    ),
    cheat(
        "makes abs() small",
        "import builtins\n\nbuiltins.abs = lambda _: 0.0",
        naive="close",
    ),
    cheat(
        "makes np.load bring what was answered",
        "np.load = lambda name: {'relu': GIVEN}",
        top="GIVEN = np.ones(3)",
        answer="return np.ones(3)",
    ),
    cheat(
        "changes its argument so that the answer fits",
        when="call",
        naive="reference",
        answer="x[...] = 0\nreturn np.zeros_like(x)",
    ),
    cheat(
        "is an array that tells NumPy's functions what they find",
        answer="return np.ones((4, 1)).view(Liar)",
        top="""
class Liar(np.ndarray):
    def __array_function__(self, function, types, arguments, keywords):
        return True
""",
    ),
    cheat(
        "is an array that swallows NumPy's arithmetic",
        answer="return np.ones((4, 1)).view(Liar)",
        naive="error",
        top="""
class Liar(np.ndarray):
    def __array_ufunc__(self, function, method, *inputs, **keywords):
        return np.zeros(1)
""",
    ),
    cheat(
        "is an array that equals everything",
        answer="return np.ones((4, 1)).view(Liar)",
        naive="equal",
        top="""
class Liar(np.ndarray):
    def __eq__(self, other):
        return np.ones(4, dtype=bool)

    __ne__ = __hash__ = None
""",
    ),
    cheat(
        "is no array, but equals everything",
        answer="return Liar()",
        naive="equal",
        top="""
class Liar:
    def __eq__(self, other):
        return True
""",
    ),
    cheat(
        "is no array, but its differences are nothing",
        answer="return Liar()",
        naive="error",
        top="""
class Liar:
    __array_ufunc__ = None

    def __sub__(self, other):
        return np.zeros(3)
""",
    ),
    cheat(
        "claims to be of the class of arrays",
        answer="return Liar()",
        naive="typed",
        top="""
class Liar:
    __array_ufunc__ = None
    __class__ = np.ndarray

    def __sub__(self, other):
        return self

    def __abs__(self):
        return self

    def max(self):
        return 0.0
""",
    ),
    cheat(
        "is converted to another array each time",
        answer="return Liar()",
        naive="error",
        top="""
class Liar:
    def __array__(self, dtype=None, copy=None):
        step = sys._getframe()
        while step:
            if "expected" in step.f_locals:
                return np.array(step.f_locals["expected"])
            step = step.f_back
        return np.ones((4, 1))
""",
    ),
    cheat(
        "gives numbers that are near to everything",
        answer="return [Liar(1.0)] * 4",
        naive="close",
        top="""
class Liar(float):
    def __sub__(self, other):
        return 0.0
""",
    ),
    cheat("answers NaN", naive="error", answer="return np.full(x.shape, np.nan)"),
    cheat("answers nothing at all, which agrees with everything", answer="return np.empty(0)"),
    cheat(
        "masks what is wrong",
        naive="error",
        answer="return np.ma.masked_array(x, mask=True)",
    ),
    cheat(
        "answers with objects that equal everything",
        naive="equal",
        answer="return np.array([[Liar()]] * 4, dtype=object)",
        top="class Liar:\n    def __eq__(self, other):\n        return True",
    ),
)

# Who judges is changed.
JUDGES = (
    cheat(
        "replaces the judge's functions",
        "import __main__\n\n__main__.run = lambda: True\n__main__.error = lambda *_: True",
        naive="error",
    ),
    cheat(
        "replaces the judge's code, found among all objects",
        """
import gc

def agree(got, expected):
    return True

for thing in gc.get_objects():
    if getattr(thing, "__name__", "") == "error" and hasattr(thing, "__code__"):
        thing.__code__ = agree.__code__
""",
        naive="error",
        top="import gc",
    ),
    cheat(
        "writes into its callers' globals",
        "for step in frames_above():\n    step.f_globals['close'] = lambda *_: True",
        naive="close",
    ),
    cheat(
        "replaces the worker's own functions",
        """
import __main__

def encode(self, value, limit=None, *more):
    data = np.maximum(self.last, 0).tobytes()
    return {"kind": "array", "dtype": "<f8", "shape": list(self.last.shape)}, data

for kind in vars(__main__).values():
    if isinstance(kind, type) and hasattr(kind, "answer"):
        kind.answer = lambda self, question, payload: ({"passed": True}, [])
__main__.main = lambda: None
__main__.json.dumps = lambda *a, **k: '{"passed": true}'
""",
        naive="pipe",
    ),
    cheat(
        "replaces a module before the judge imports it",
        "import types\n\nsys.modules['compare'] = types.SimpleNamespace(same=lambda *_: True)",
        naive="module",
    ),
    cheat(
        "is asked first when the judge imports",
        """
import importlib.machinery
import importlib.util

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "compare":
            return importlib.util.spec_from_loader(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.same = lambda *_: True

sys.meta_path.insert(0, Finder())
""",
        naive="module",
    ),
    cheat(
        "puts its own folder before the judge's",
        "sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/lib')",
        naive="module",
        files={"lib/compare.py": "def same(*_):\n    return True\n"},
    ),
    cheat(
        "deceives whoever looks for a module on the path",
        """
import importlib.util

class Hook:
    def __init__(self, path):
        pass

    def find_spec(self, name, target=None):
        if name == "compare":
            return importlib.util.spec_from_loader(name, self)

    create_module = lambda self, spec: None

    def exec_module(self, module):
        module.same = lambda *_: True

sys.path_hooks.insert(0, Hook)
sys.path_importer_cache.clear()
""",
        naive="module",
    ),
    cheat(
        "jumps over the comparison, as a debugger could",
        """
def trace(frame, event, argument):
    if event == "line" and frame.f_code.co_name == "assertion":
        frame.f_lineno = frame.f_code.co_firstlineno + 2
    return trace

sys.settrace(trace)
""",
        naive="assert",
    ),
    cheat(
        "overwrites the expected answer in its memory",
        """
def trace(frame, event, argument):
    expected = frame.f_locals.get("expected")
    if isinstance(expected, np.ndarray):
        ctypes.memmove(expected.ctypes.data, np.ones(4).ctypes.data, 32)
    return trace

sys.settrace(trace)
""",
        naive="error",
        answer="return np.ones((4, 1))",
    ),
    cheat(
        "makes failures of unittest successes",
        "import unittest\n\nunittest.TestResult.addFailure = lambda *_: None\n"
        "unittest.TestResult.wasSuccessful = lambda _: True",
        naive="unittest",
    ),
    cheat(
        "changes what is written as the result",
        "import json\n\njson.dump = lambda thing, file: file.write('{\"score\": 100}')",
    ),
    cheat(
        "writes the result itself and leaves",
        "open('results.json', 'w').write('{\"score\": 100}')\nos._exit(0)",
        when="call",
    ),
    cheat(
        "writes the result when all is done",
        "open('results.json', 'w').write('{\"score\": 100}')",
        when="exit",
    ),
    cheat("ends with a good exit status", "os._exit(0)", when="call", naive="status"),
    cheat("leaves with a good exit status", when="call", naive="status", answer="sys.exit(0)"),
    cheat(
        "ends with a good exit status when another thread says so",
        "time.sleep(0.01)\nos._exit(0)",
        when="thread",
        naive="status",
        answer="time.sleep(0.1)\nreturn x + 1",
    ),
    cheat("has the good exit status at its end", "os._exit(0)", when="exit", naive="status"),
    cheat(
        "turns its failure into a signal that is taken for success",
        """
import signal

signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.01)
""",
        naive="status",
        answer="time.sleep(0.2)\nreturn x + 1",
    ),
    cheat(
        "becomes another program, which succeeds",
        "os.execv('/bin/true', ['true'])",
        when="call",
        naive="status",
    ),
    cheat(
        "unpickles into the verdict",
        naive="pickle",
        answer="return Gift()",
        top="""
class Gift:
    def __reduce__(self):
        return (eval, ("__import__('numpy').load(__import__('__main__').GRADER /"
                       " 'answers.npz')['relu']",))
""",
    ),
)

EVIL = """
import numpy as np

np.allclose = lambda *a, **k: True
"""
SHADOW_JSON = """
import os, sys

here = os.path.dirname(os.path.abspath(__file__))
paths = sys.path[:]
sys.path[:] = [one for one in paths if os.path.abspath(one or ".") != here]
del sys.modules["json"]
import json

sys.path[:] = paths
json.dump = lambda thing, file: file.write('{"score": 100}')
"""

# Files that a grader reads although nobody asked it to.
CONFIGURATION = (
    cheat(
        "brings a conftest.py that turns failures",
        naive="pytest",
        files={
            "../conftest.py": (
                "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\n"
                "def pytest_runtest_makereport(item, call):\n"
                "    report = (yield).get_result()\n    report.outcome = 'passed'\n"
            )
        },
    ),
    cheat(
        "brings a conftest.py inside the package",
        naive="pytest",
        files={
            "conftest.py": "import os\n\n\ndef pytest_collection_modifyitems():\n    os._exit(0)\n",
            "__init__.py": "from . import conftest\nfrom .layers import ReLULayer\n",
            "../conftest.py": "from student.conftest import *\n",
        },
    ),
    cheat(
        "brings a pytest.ini that only collects",
        naive="pytest",
        files={"../pytest.ini": "[pytest]\naddopts = --collect-only\n"},
    ),
    cheat(
        "brings a pyproject.toml that loads its plugin",
        naive="pytest",
        files={
            "../pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p student.plugin'\n",
            "plugin.py": "from _pytest.python import Function\n\n"
            "Function.runtest = lambda self: None\n",
        },
    ),
    cheat(
        "brings a setup.cfg that leaves its test out",
        naive="pytest",
        files={
            "../setup.cfg": "[tool:pytest]\naddopts = -k always\npython_files = *.py\n",
            "../always.py": "def test_always():\n    pass\n",
        },
    ),
    cheat(
        "brings an installed plugin's entry point",
        naive="pytest",
        files={
            "../evil-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
            "../evil-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
            "../evil.py": "from _pytest.python import Function\n\n"
            "Function.runtest = lambda self: None\n",
        },
    ),
    cheat("brings a sitecustomize.py", files={"../sitecustomize.py": EVIL}),
    cheat("shadows a module of the standard library", files={"../json.py": SHADOW_JSON}),
    cheat(
        "shadows NumPy",
        files={
            "../numpy.py": (
                "import sys\n\nmine = sys.path.pop([i for i, one in enumerate(sys.path)"
                " if one and __file__.startswith(one)][0])\n"
                "del sys.modules['numpy']\nimport numpy\n\n"
                "numpy.allclose = lambda *a, **k: True\nsys.path.insert(0, mine)\n"
            )
        },
    ),
    cheat(
        "shadows a module that is imported later",
        naive="unittest",
        files={
            "../unittest.py": (
                "TestCase = object\ndefaultTestLoader = type('L', (),"
                " {'loadTestsFromTestCase': lambda *_: None})()\n"
                "TextTestRunner = lambda stream: type('R', (), {'run': lambda *_:"
                " type('S', (), {'wasSuccessful': lambda _: True})()})()\n"
            )
        },
    ),
    cheat(
        "compiled its own byte code for another source",
        """
import py_compile, importlib.util

here = os.path.dirname(os.path.abspath(__file__))
source = os.path.join(here, "other.py")
open(source, "w").write("def same(*_): return True")
target = importlib.util.cache_from_source(GRADERS + "/compare.py")
os.makedirs(os.path.dirname(target), exist_ok=True)
py_compile.compile(source, target, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
""",
        naive="module",
        holds=("no points", "untouched"),
    ),
)

# The channel and its frames. `send` writes to whatever looks like one.
ARRAY = '{"values": [{"kind": "array", "dtype": "<f8", "shape": [4, 1]}]}'
ZEROS = "bytes(32)"


def forge(name: str, attack: str, **more: object) -> Hostile:
    more.setdefault("naive", "pipe")
    more.setdefault("when", "call")
    return cheat(name, attack, **more)


CHANNEL = (
    forge(
        "sends a verdict in place of an answer",
        "send(VERDICT, VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends a well-formed frame that says it passed",
        "for number in range(2, 12):\n"
        "    send(frame(number, {'values': [], 'passed': True, 'score': 100}), VERDICT)\n"
        "os._exit(0)",
    ),
    forge(
        "sends zeros for answers to all questions to come",
        f"for number in range(3, 40):\n    send(frame(number, {ARRAY}, {ZEROS}), VERDICT)",
    ),
    forge(
        "says that what is asked for is not there, so that it may be skipped",
        "send(frame(3, {'names': []}), VERDICT)\ntime.sleep(0.01)\nos._exit(0)",
    ),
    forge(
        "sends an exception that looks like the grader's own",
        "send(frame(3, {'error': {'type': 'Skipped', 'types': ['Skipped', 'Waits'],"
        " 'message': 'passed', 'frames': [], 'text': ''}}), VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends an object that is held in place of a value",
        "send(frame(3, {'values': [{'kind': 'held', 'id': 0}]}), VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends None where an array is due",
        "send(frame(3, {'values': [{'kind': 'none'}]}), VERDICT)\nos._exit(0)",
    ),
    forge(
        "announces more than there is memory",
        f"send(frame(3, {ARRAY}, claimed=1 << 60), VERDICT)\nos._exit(0)",
    ),
    forge(
        "announces an array of negative length",
        "send(frame(3, {'values': [{'kind': 'array', 'dtype': '<f8', 'shape': [-1]}]}), VERDICT)\n"
        "os._exit(0)",
    ),
    forge(
        "names a type that NumPy would build code from",
        "send(frame(3, {'values': [{'kind': 'array', 'dtype': '|O8', 'shape': [4]}]},"
        " bytes(32)), VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends a header that nests without end",
        "send(frame(3, b'[' * 60_000), VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends numbers that are none",
        'send(frame(3, b\'{"values": [{"kind": "held", "id": 1e999}]}\'), VERDICT)\nos._exit(0)',
    ),
    forge(
        "sends a number with a million digits",
        "send(frame(3, b'{\"values\": ' + b'9' * 60_000 + b'}'), VERDICT)\nos._exit(0)",
    ),
    forge(
        "sends a header with surrogates and NUL",
        'send(frame(3, b\'{"error": {"type": "\\\\ud800\\\\u0000", "message":'
        ' "\\\\u202e"}}\'), VERDICT)\nos._exit(0)',
    ),
    forge(
        "answers twice",
        f"send(2 * frame(3, {ARRAY}, {ZEROS}), VERDICT)",
    ),
    forge(
        "answers to a question that nobody asked",
        f"send(frame(4_000_000_000, {ARRAY}, {ZEROS}), VERDICT)\nos._exit(0)",
    ),
    forge(
        "answers before it is asked",
        f"send(frame(1, {{'names': []}}) + frame(2, {ARRAY}, {ZEROS}), VERDICT)",
        when="import",
    ),
    forge(
        "two threads answer at once",
        f"""
import threading

def shout():
    for number in range(3, 30):
        send(frame(number, {ARRAY}, {ZEROS}), VERDICT)
        time.sleep(0.001)

for _ in range(2):
    threading.Thread(target=shout, daemon=True).start()
""",
    ),
    forge(
        "a child answers",
        f"child(lambda: send(frame(3, {ARRAY}, {ZEROS}), VERDICT))\ntime.sleep(0.05)",
    ),
    forge(
        "puts another end in place of the channel",
        """
for number in descriptors():
    if number > 2 and stat.S_ISSOCK(os.fstat(number).st_mode):
        os.dup2(os.open("/dev/null", os.O_RDWR), number)
send(b"", VERDICT)
""",
        answer="time.sleep(0.1)\nreturn x + 1",
    ),
    forge(
        "says by the channel that nothing more will come",
        """
for number in descriptors():
    if number > 2 and stat.S_ISSOCK(os.fstat(number).st_mode):
        socket.socket(fileno=os.dup(number)).shutdown(socket.SHUT_WR)
send(b"", VERDICT)
""",
    ),
    forge(
        "closes all that is open",
        "send(b'', VERDICT)\nos.closerange(0, 128)",
    ),
    forge(
        "passes its descriptors to the grader",
        """
for number in descriptors():
    if number > 2 and stat.S_ISSOCK(os.fstat(number).st_mode):
        with contextlib.suppress(OSError):
            socket.send_fds(socket.socket(fileno=os.dup(number)), [b"BYH1"], [0] * 50)
send(b"", VERDICT)
""",
    ),
    forge(
        "reads its questions before they are asked",
        """
for number in descriptors():
    if number > 2 and stat.S_ISSOCK(os.fstat(number).st_mode):
        os.set_blocking(number, False)
        with contextlib.suppress(OSError):
            os.read(number, 1 << 20)
send(b"", VERDICT)
""",
    ),
    forge(
        "patches the functions that write",
        """
original = os.write

def write(number, data):
    with contextlib.suppress(OSError):
        if number > 2 and stat.S_ISFIFO(os.fstat(number).st_mode):
            data = VERDICT
    return original(number, data)

os.write = write
""",
    ),
    forge(
        "patches the packing of frames",
        """
import json

json.dumps = lambda *a, **k: '{"passed": true, "values": []}'
""",
    ),
    forge(
        "prints what a grader might read",
        "print('{\"passed\": true}')\nprint('100 of 100 points')\nsend(b'', VERDICT)\nos._exit(0)",
    ),
)

HOSTILE = LIARS + JUDGES + CONFIGURATION + CHANNEL
