"""Never coming to an end, and using up what others need."""

from __future__ import annotations

from tests.corpus.hostile import ALWAYS, RIGHT, Hostile

TIME = ("in time",)
BOTH = ("relu.forward", "relu.backward")


def hang(name: str, attack: str = "pass", **more: object) -> Hostile:
    holds = more.pop("holds", TIME)
    return Hostile(name, holds, attack, **more)  # type: ignore[arg-type]


ENDLESS = (
    hang("loops at import", top="while True:\n    pass"),
    hang("sleeps at import", top="time.sleep(60)"),
    hang(
        "loops in a call",
        answer="while True:\n    pass",
        holds=("in time", "neighbours"),
        tasks=BOTH,
    ),
    hang("sleeps in a call", answer="time.sleep(60)"),
    hang(
        "loops when an object is deleted",
        answer="return np.maximum(x, 0)",
        top="class Clinging:\n    def __del__(self):\n        while True:\n            pass\n",
        attack="Clinging()",
    ),
    hang("loops at exit", "while True:\n    pass", when="exit", needs=ALWAYS),
    hang(
        "leaves a thread that will not end",
        "import threading\n\n"
        "def spin():\n    while True:\n        pass\n\n"
        "threading.Thread(target=spin).start()",
        when="import",
    ),
    hang(
        "loops in the making of an instance",
        top="""
class Slow(type):
    def __call__(cls, *arguments):
        while True:
            pass
""",
        files={
            "__init__.py": "from .layers import ReLULayer as R, Slow\n\n\n"
            "class ReLULayer(R, metaclass=Slow):\n    pass\n"
        },
    ),
    hang(
        "loops when it is asked for a name",
        files={
            "__init__.py": "def __getattr__(name):\n"
            "    while name == 'ReLULayer':\n        pass\n    raise AttributeError(name)\n"
        },
    ),
    hang(
        "loops in one operation that no signal interrupts",
        answer="return sum(iter(int, 1)) * x",
    ),
    hang("computes a number without an end", answer="return x * (7 ** (7 ** 12) % 3)"),
    hang(
        "searches a text with a bad pattern",
        answer="import re\n\nreturn x * bool(re.match('(a+)+$', 'a' * 40 + 'b'))",
    ),
    hang(
        "ignores all signals and loops",
        """
import signal

for number in range(1, 65):
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_IGN)
""",
        answer="while True:\n    time.sleep(0.01)",
    ),
    hang(
        "blocks all signals and waits",
        answer="import signal\n\nsignal.pthread_sigmask("
        "signal.SIG_BLOCK, range(1, 65))\nsignal.sigwait([signal.SIGUSR1])",
    ),
    hang("stops itself", answer="import signal\n\nos.kill(os.getpid(), signal.SIGSTOP)\n" + RIGHT),
    hang(
        "waits for a lock that it holds",
        answer="import threading\n\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    ),
    hang("waits for a pipe without a writer", answer="os.mkfifo('pipe')\nopen('pipe').read()"),
    hang("waits for itself", answer="os.read(os.pipe()[0], 1)"),
    hang(
        "answers with a list that cannot be walked",
        naive="close",
        answer="return Endless([0.0])",
        top="""
class Endless(list):
    def __iter__(self):
        while True:
            pass

    __len__ = __bool__ = __getitem__ = __iter__
""",
    ),
    hang(
        "answers with an array that is long in the making",
        naive="typed",
        answer="return Slow()",
        top="""
class Slow(np.ndarray):
    def __new__(cls):
        return np.ones((4, 1)).view(cls)

    def __array_finalize__(self, other):
        while other is not None and sys._getframe(1).f_code.co_name != "__new__":
            pass
""",
    ),
    hang(
        "raises an exception that cannot be shown",
        answer="raise Endless",
        top="""
class Endless(Exception):
    def __str__(self):
        while True:
            pass
""",
    ),
    hang(
        "raises an exception whose class loops",
        answer="raise Endless",
        top="""
class Meta(type):
    def __getattribute__(cls, name):
        while name in ("__name__", "__mro__", "__qualname__"):
            pass
        return type.__getattribute__(cls, name)

class Endless(Exception, metaclass=Meta):
    pass
""",
    ),
    hang(
        "catches all exceptions, that of a time limit too",
        """
import signal

signal.signal(signal.SIGALRM, lambda *_: None)
""",
        answer="""
while True:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
""",
    ),
    hang(
        "answers a byte at a time",
        """
data = frame(3, {"values": []}, bytes(1000)) + bytes(100)
for index in range(len(data)):
    send(data[index : index + 1], b" ")
    time.sleep(0.02)
""",
        naive="pipe",
    ),
    hang(
        "answers half, and waits",
        "send(frame(3, {'values': []}, bytes(100))[:40], b'{')\ntime.sleep(30)",
        naive="pipe",
    ),
    hang(
        "answers without an end",
        """
for _ in range(500):
    send(frame(3, b"{" + b" " * 60_000), b" " * 50_000)
time.sleep(30)
""",
        naive="pipe",
    ),
    hang(
        "goes away and leaves a child at the channel",
        "child(lambda: (os.setsid(), time.sleep(12)))\ntime.sleep(0.05)\nos._exit(0)",
        naive="pipe",
        needs="tree_killed",
        holds=("in time", "gone"),
    ),
    hang(
        "never ends its line of children",
        """
def work(left=20):
    time.sleep(0.2)
    if left and not os.fork():
        work(left - 1)

child(work)
os._exit(0)
""",
        holds=("gone",),
    ),
)

BURST = (
    Hostile(
        "takes memory in one piece",
        ("no gain",),
        "data = bytearray(600 << 20)\ndata[:: 4096] = b'x' * len(data[:: 4096])\ntell(BOAST)",
        needs="memory_limited",
    ),
    Hostile(
        "takes memory bit by bit",
        ("no gain",),
        "data = []\nfor _ in range(300):\n    data.append(b'x' * (2 << 20))\ntell(BOAST)",
        needs="memory_limited",
    ),
    Hostile(
        "takes memory in shared mappings",
        ("no gain",),
        "import mmap\n\ndata = [mmap.mmap(-1, 60 << 20) for _ in range(10)]\n"
        "for one in data:\n    one[:: 4096] = b'x' * len(one[:: 4096])\ntell(BOAST)",
        needs="memory_limited",
    ),
    Hostile(
        "takes memory in files that have no name",
        ("no gain",),
        """
data = []
for _ in range(40):
    data.append(os.memfd_create("x"))
    for _ in range(15):
        os.write(data[-1], b"x" * (1 << 20))
tell(BOAST)
""",
        needs="memory_limited",
    ),
    Hostile(
        "takes memory in a segment of System V",
        ("no gain",),
        """
LIBC.shmat.restype = ctypes.c_void_p
data = []
for index in range(10):
    number = LIBC.shmget(0, 60 << 20, 0o1600)
    if number < 0:
        raise OSError
    data.append(number)
    where = LIBC.shmat(number, None, 0)
    LIBC.shmctl(number, 0, 0)  # goes away with this process
    if where == ctypes.c_void_p(-1).value:
        raise OSError
    ctypes.memset(where, 1, 60 << 20)
tell(BOAST)
""",
        needs="memory_limited",
    ),
    Hostile(
        "raises its own limit of memory, then takes it",
        ("no gain",),
        """
import resource

with contextlib.suppress(OSError, ValueError):
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
data = b"x" * (600 << 20)
tell(BOAST)
""",
        needs="memory_limited",
    ),
    Hostile(
        "lets children take the memory",
        ("no gain",),
        """
def work():
    data = b"x" * (100 << 20)
    os.write(writing, b"x")
    time.sleep(3)

reading, writing = os.pipe()
for _ in range(6):
    child(work)
for _ in range(6):
    os.read(reading, 1)
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "writes a large file",
        ("no gain",),
        "with open('large', 'wb') as file:\n"
        "    for _ in range(64):\n        file.write(b'x' * (1 << 20))\n"
        "tell(BOAST)",
        needs="memory_limited",
    ),
    Hostile(
        "writes a large file past the limits of files",
        ("no gain",),
        """
import resource

with contextlib.suppress(OSError, ValueError):
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
number = os.open("large", os.O_WRONLY | os.O_CREAT)
os.posix_fallocate(number, 0, 64 << 20)
tell(BOAST)
""",
        needs="memory_limited",
    ),
    Hostile(
        "forks",
        ("no gain", "gone"),
        """
for _ in range(40):
    child(lambda: time.sleep(10))
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "forks past the C library",
        ("no gain", "gone"),
        """
mark()
for _ in range(5):
    if ARM:
        pid = call("clone", 17, 0, 0, 0, 0)
    else:
        pid = call("fork")
    if not pid:
        time.sleep(10)
        os._exit(0)
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "forks by clone3",
        ("no gain", "gone"),
        """
mark()
arguments = ctypes.create_string_buffer(struct.pack("8Q", 0, 0, 0, 0, 17, 0, 0, 0), 64)
if not call("clone3", arguments, 64):
    time.sleep(10)
    os._exit(0)
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "starts programs",
        ("no gain", "gone"),
        """
import subprocess

for _ in range(10):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10)", MARK])
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "spawns programs without fork",
        ("no gain", "gone"),
        """
for _ in range(10):
    arguments = [sys.executable, "-c", "import time; time.sleep(10)", MARK]
    os.posix_spawn(sys.executable, arguments, {})
tell(BOAST)
""",
        needs="processes_limited",
    ),
    Hostile(
        "starts programs by the shell",
        ("no gain", "gone"),
        "if os.system(f'sh -c \"sleep 10; : {MARK}\" &') == 0:\n    tell(BOAST)",
        needs="processes_limited",
    ),
    Hostile(
        "forks from a thread",
        ("gone",),
        """
import threading

thread = threading.Thread(target=lambda: child(lambda: time.sleep(10)))
thread.start()
thread.join()
""",
    ),
    Hostile(
        "uses multiprocessing",
        ("gone",),
        """
import multiprocessing

mark()
context = multiprocessing.get_context("fork")
for _ in range(3):
    context.Process(target=time.sleep, args=(10,), daemon=False).start()
os._exit(0)
""",
    ),
    Hostile(
        "leaves a daemon of its own session",
        ("gone",),
        """
def work():
    os.setsid()
    if not os.fork():
        time.sleep(10)

child(work)
""",
    ),
    Hostile(
        "leaves a daemon at import",
        ("gone",),
        """
def work():
    os.setsid()
    if not os.fork():
        os.closerange(0, 64)
        time.sleep(10)

child(work)
""",
        when="import",
    ),
    Hostile(
        "leaves a program of its own session",
        ("gone",),
        """
import subprocess

arguments = [sys.executable, "-c", "import time; time.sleep(10)", MARK]
subprocess.Popen(arguments, start_new_session=True)
""",
    ),
    Hostile(
        "leaves a daemon that ignores signals and its group's end",
        ("gone",),
        """
import signal

def work():
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    time.sleep(10)

child(work)
""",
    ),
    Hostile(
        "leaves a daemon just before its end",
        ("gone",),
        "if not os.fork():\n    mark()\n    os.setsid()\n    time.sleep(10)\n    os._exit(0)\n"
        "time.sleep(0.05)\nos._exit(0)",
    ),
    Hostile(
        "leaves a daemon when it is finished",
        ("gone",),
        "child(lambda: (os.setsid(), time.sleep(10)))",
        when="exit",
        needs=ALWAYS,
    ),
    Hostile(
        "starts more threads than it can",
        ("no gain",),
        """
import threading

for _ in range(1500):
    threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
tell(BOAST)
""",
        needs="memory_limited",
    ),
    Hostile(
        "opens more files than it may",
        ("no gain",),
        "held = [open('/dev/null') for _ in range(300)]\ntell(BOAST)",
        needs="memory_limited",
    ),
    Hostile(
        "crashes the process by recursion",
        ("neighbours",),
        "sys.setrecursionlimit(1 << 30)",
        answer="np.vectorize(lambda y: self.forward(y), otypes=[float])(x)\nreturn x",
        tasks=BOTH,
    ),
    Hostile("crashes the interpreter", ("neighbours",), answer="ctypes.string_at(0)", tasks=BOTH),
    Hostile(
        "crashes by a fault in machine code",
        ("neighbours",),
        answer="import faulthandler\n\nfaulthandler._sigabrt()",
        tasks=BOTH,
    ),
    Hostile(
        "kills itself",
        ("neighbours",),
        answer="import signal\n\nos.kill(os.getpid(), signal.SIGKILL)",
        tasks=BOTH,
    ),
    Hostile(
        "kills its own group",
        ("neighbours",),
        answer="import signal\n\nos.killpg(0, signal.SIGKILL)",
        tasks=BOTH,
    ),
    Hostile(
        "removes its own copy, which others still need",
        ("neighbours", "untouched"),
        "import shutil\n\nshutil.rmtree(os.path.dirname(os.path.abspath(__file__)))\nos._exit(0)",
        needs="writes_confined",
        tasks=BOTH,
    ),
    Hostile(
        "renames its own copy, which others still need",
        ("neighbours", "untouched"),
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "os.rename(here, here + '2')\n"
        "os._exit(0)",
        needs="writes_confined",
        tasks=BOTH,
    ),
    Hostile(
        "makes its own copy unreadable",
        ("untouched",),
        "os.chmod(os.path.dirname(os.path.abspath(__file__)), 0)",
        tasks=BOTH,
    ),
    Hostile(
        "prints without an end",
        ("short",),
        "for _ in range(30):\n    print('x' * 1_000_000)",
    ),
    Hostile(
        "prints many short lines on both streams",
        ("short",),
        "for _ in range(60_000):\n    os.write(2, b'noise\\n')\n    os.write(1, b'noise\\n')",
    ),
    Hostile(
        "raises with a very long message",
        ("short",),
        answer="raise ValueError('x' * 20_000_000)",
    ),
    Hostile(
        "raises a class with a very long name",
        ("short",),
        answer="raise type('E' * 5_000_000, (Exception,), {})('no')",
    ),
    Hostile(
        "raises with a very long chain of causes",
        ("short",),
        """
error = ValueError("x" * 20_000)
for _ in range(50):
    new = ValueError("x" * 20_000)
    new.__cause__ = error
    error = new
STORE.append(error)
""",
        top="STORE = []\nimport traceback",
        answer="traceback.print_exception(STORE[0])\nraise STORE[0]",
    ),
    Hostile(
        "answers with a class of a very long name",
        ("short",),
        answer="raise TypeError(type('E' * 5_000_000, (), {})())",
    ),
)

SCRATCH = (
    Hostile(
        "leaves many files",
        ("untouched",),
        "for index in range(2000):\n    open(f'{TMP}/{MARK}{index}', 'w').close()",
    ),
    Hostile(
        "leaves many files in its own folder",
        ("untouched",),
        "for index in range(2000):\n    open(f'{MARK}{index}', 'w').close()",
        needs=ALWAYS,
    ),
    Hostile(
        "leaves a very deep folder",
        ("untouched",),
        "for _ in range(2500):\n    os.mkdir('d')\n    os.chdir('d')",
        needs=ALWAYS,
    ),
    Hostile(
        "leaves a folder that cannot be entered",
        ("untouched",),
        "os.makedirs('closed/inner')\n"
        "open('closed/inner/file', 'w').close()\n"
        "os.chmod('closed', 0)",
        needs=ALWAYS,
    ),
    Hostile(
        "leaves a file that cannot be removed",
        ("untouched",),
        """
import fcntl

with open("immutable", "w") as file:
    fcntl.ioctl(file, 0x40086602, struct.pack("q", 0x10 | 0x80000))
""",
        root=True,
    ),
    Hostile(
        "leaves names that are no text",
        ("untouched",),
        "for name in (b'\\xff\\xfe', b'\\x1b[2J', b'-rf', b'a\\nb'):\n    open(name, 'w').close()",
        needs=ALWAYS,
    ),
    Hostile(
        "puts a link in place of its scratch folder, so that its cleaning cleans a home",
        ("untouched",),
        """
here = os.getcwd()
os.rename(here, here + "x")
os.symlink(HOME, here)
""",
    ),
    Hostile(
        "fills its folder",
        ("untouched",),
        "for index in range(8):\n    open(str(index), 'wb').write(b'x' * (8 << 20))",
        needs=ALWAYS,
    ),
)

HOSTILE = ENDLESS + BURST + SCRATCH
