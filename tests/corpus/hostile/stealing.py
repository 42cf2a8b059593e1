"""Reading what is not one's own: files, memory, environments, descriptors, other processes."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.hostile import ALWAYS, Hostile

RING = Path(__file__).with_name("ring.py").read_text(encoding="utf-8")


def steal(name: str, attack: str, needs: str = "", **more: object) -> Hostile:
    holds = more.pop("holds", ("secret",))
    return Hostile(name, holds, attack, needs=needs, **more)  # type: ignore[arg-type]


OTHERS = "others_protected"

DISK = (
    steal("reads a password in the home folder", "tell(open(HOME + '/.netrc').read())"),
    steal(
        "reads a neighbour's work by its absolute name",
        "tell(open(SIBLING + '/student/layers.py').read())",
    ),
    steal(
        "reads a neighbour's work relative to its own file",
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "for up in ('../../bob', '../../class/bob', '../../../class/bob'):\n"
        "    with contextlib.suppress(OSError):\n"
        "        tell(open(os.path.join(here, up, 'student/layers.py')).read())",
    ),
    steal(
        "reads a neighbour's work relative to the working folder",
        "for up in ('../bob', '../../class/bob'):\n"
        "    with contextlib.suppress(OSError):\n"
        "        tell(open(up + '/student/layers.py').read())",
    ),
    steal(
        "searches folders for secrets",
        "for top, _, names in os.walk(YARD):\n"
        "    for name in names:\n"
        "        with contextlib.suppress(OSError):\n"
        "            tell(open(os.path.join(top, name), 'rb').read(10_000))",
    ),
    steal(
        "imports the answers",
        "sys.path.insert(0, GRADERS)\nimport answers\ntell(answers.SOLUTION)",
    ),
    steal(
        "maps the answers into memory",
        "import mmap\n"
        "with open(GRADERS + '/answers.py', 'rb') as file:\n"
        "    tell(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)[:])",
    ),
    steal(
        "reads through a symbolic link of its own",
        "os.symlink(HOME + '/.netrc', 'link')\ntell(open('link').read())",
    ),
    steal(
        "reads through a hard link of its own",
        "os.link(HOME + '/.netrc', TMP + '/' + MARK)\ntell(open(TMP + '/' + MARK).read())",
    ),
    steal(
        "reads through the root of another process",
        "tell(open(f'/proc/{VICTIM}/root{HOME}/.netrc').read())",
    ),
    steal(
        "reads through the working folder of the grader's process",
        "tell(open(f'/proc/{VICTIM}/cwd/working.txt').read())",
    ),
    steal(
        "opens a file by its handle, past all paths",
        """
handle = struct.pack("Ii", 128, 0) + bytes(128)
buffer = ctypes.create_string_buffer(handle, len(handle))
number = ctypes.c_int()
path = (HOME + "/.netrc").encode()
call("name_to_handle_at", -100, path, buffer, ctypes.byref(number), 0)
root = os.open("/", os.O_RDONLY)
tell(os.read(call("open_by_handle_at", root, buffer, os.O_RDONLY), 1000))
""",
        root=True,
    ),
    steal(
        "opens with openat2",
        """
how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_RDONLY, 0, 0))
tell(os.read(call("openat2", -100, (HOME + "/.netrc").encode(), how, 24), 1000))
""",
    ),
    steal(
        "opens and reads by io_uring",
        """
ring = Ring()
path = ctypes.create_string_buffer((HOME + "/.netrc").encode())
number = ring.run(18, -100, ctypes.addressof(path), 0, 0)
data = ctypes.create_string_buffer(1000)
ring.run(22, number, ctypes.addressof(data), 1000, 0)
tell(data.raw)
""",
        top="from .ring import Ring",
        files={"ring.py": RING},
    ),
    steal(
        "mounts the home into its own folder, in a new namespace",
        """
def work():
    call("unshare", 0x10000000 | 0x00020000)
    call("mount", b"none", b"/", b"", 0x4000 | 0x40000, 0)  # private: nobody else sees it
    os.mkdir("mounted")
    call("mount", HOME.encode(), b"mounted", b"", 0x1000, 0)
    tell(open("mounted/.netrc").read())

from_child(work)
""",
    ),
    steal(
        "lets another program read",
        "import subprocess\n"
        "tell(subprocess.run(['cat', HOME + '/.netrc'], capture_output=True).stdout)",
    ),
    steal(
        "leaves a link that the grader will follow",
        "os.symlink(HOME + '/.netrc', 'log.txt')",
        ALWAYS,
    ),
    steal(
        "leaves a link in place of its own file",
        "name = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'log.txt')\n"
        "os.symlink(HOME + '/.netrc', name)\n"
        "os.symlink(name, 'log.txt')",
        ALWAYS,
    ),
    steal(
        "watches a folder of the grader's for names",
        """
watch = call("inotify_init1", 0)
call("inotify_add_watch", watch, INBOX.encode(), 0x100)
os.set_blocking(watch, False)
for _ in range(20):
    time.sleep(0.01)
    with contextlib.suppress(BlockingIOError):
        tell(os.read(watch, 10_000))
""",
    ),
    steal(
        "lists a folder of the grader's",
        "for _ in range(50):\n    tell(*os.listdir(INBOX))\n    time.sleep(0.005)",
    ),
)

ENVIRONMENT = (
    steal("reads the environment", "tell(str(dict(os.environ)))", ALWAYS),
    steal(
        "reads the environment that the process was started with",
        "tell(open('/proc/self/environ', 'rb').read())",
        ALWAYS,
    ),
    steal(
        "reads the environment from the C library",
        """
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(LIBC, "environ")
index = 0
while environ[index]:
    tell(environ[index])
    index += 1
""",
        ALWAYS,
    ),
    steal(
        "reads the stack above its arguments, where the kernel puts the environment",
        """
for line in open("/proc/self/maps"):
    if "[stack]" in line:
        low, high = (int(one, 16) for one in line.split()[0].split("-"))
        tell(ctypes.string_at(low, high - low))
""",
        ALWAYS,
    ),
    steal(
        "reads the environment of the grader",
        "tell(open(f'/proc/{VICTIM}/environ', 'rb').read())",
    ),
    steal(
        "reads the command line of the grader",
        "tell(open(f'/proc/{VICTIM}/cmdline', 'rb').read())",
    ),
    steal(
        "asks ps for command lines",
        "import subprocess\n"
        "command = ['ps', '-o', 'args=', '-p', str(VICTIM)]\n"
        "tell(subprocess.run(command, capture_output=True).stdout)",
    ),
    steal("reads what is piped to the grader", "tell(sys.stdin.read())", ALWAYS),
    steal(
        "reads from the first descriptor itself",
        "os.lseek(0, 0, 0)\ntell(os.read(0, 10_000))",
        ALWAYS,
    ),
    steal(
        "reads from every descriptor that it inherited",
        """
for number in descriptors():
    with contextlib.suppress(OSError):
        tell(os.pread(number, 10_000, 0))
""",
        ALWAYS,
    ),
    steal(
        "opens its inherited descriptors anew",
        """
for number in os.listdir("/proc/self/fd"):
    with contextlib.suppress(OSError):
        if os.path.isfile(f"/proc/self/fd/{number}"):
            tell(open(f"/proc/self/fd/{number}", "rb").read(10_000))
""",
        ALWAYS,
    ),
)

INSIDE = (
    steal("looks into the main module", "import __main__\ntell(str(vars(__main__)))", ALWAYS),
    steal(
        "looks through all objects",
        """
import gc

for thing in gc.get_objects():
    if type(thing) is dict:
        for value in list(thing.values()):
            if type(value) is str and "canary-" in value[:10]:
                tell(value)
""",
        ALWAYS,
    ),
    steal(
        "reads its callers' variables",
        "for step in frames_above():\n    tell(str(step.f_locals), str(step.f_globals))",
        ALWAYS,
    ),
    steal(
        "reads its callers' variables from a traceback",
        """
try:
    raise ValueError
except ValueError as error:
    step = error.__traceback__.tb_frame
    while step:
        tell(repr(step.f_locals))
        step = step.f_back
""",
        ALWAYS,
    ),
    steal(
        "reads the frames of all threads",
        """
for step in sys._current_frames().values():
    while step:
        tell(repr(step.f_globals.get("SECRET")))
        step = step.f_back
""",
        ALWAYS,
        when="call",
    ),
    steal(
        "reads the source of the tests that call it",
        """
import inspect

for info in inspect.stack():
    with contextlib.suppress(OSError):
        text = inspect.getsource(info.frame)
        if "comparison of answers" in text or "import same" in text:
            import compare

            tell(inspect.getsource(compare))
""",
        ALWAYS,
        naive="module",
    ),
    steal(
        "scans its own memory",
        """
for line in open("/proc/self/maps"):
    span, mode, *_, name = (line + " -").split()[:6]
    if mode.startswith("rw") and "/" not in line:
        low, high = (int(one, 16) for one in span.split("-"))
        with contextlib.suppress(OSError), open("/proc/self/mem", "rb") as memory:
            memory.seek(low)
            for _ in range(0, min(high - low, 64 << 20), 4 << 20):
                tell(memory.read(4 << 20))
""",
        ALWAYS,
    ),
    steal(
        "traces its callers to the end",
        """
def trace(frame, event, argument):
    tell(repr(frame.f_locals.get("hidden")))
    return trace

sys.settrace(trace)
for step in frames_above():
    step.f_trace = trace
""",
        ALWAYS,
        naive="late",
        when="call",
        answer="import builtins\nbuiltins.bool = Spy\nreturn np.maximum(x, 0)",
        top="""
class Spy:
    def __new__(cls, value):
        if FOUND:
            print(FOUND)
        return value
""",
    ),
    steal(
        "profiles its callers",
        """
def profile(frame, event, argument):
    hidden = frame.f_locals.get("hidden")
    if hidden:
        tell(repr(hidden))

sys.setprofile(profile)
""",
        ALWAYS,
    ),
    steal(
        "hears what is opened after it",
        """
def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("answers.npz"):
        with open(os.path.dirname(str(arguments[0])) + "/answers.py") as file:
            tell(file.read())

sys.addaudithook(hook)
""",
        ALWAYS,
    ),
    steal(
        "waits at the door of np.load",
        """
original = np.load

def load(name, *arguments, **more):
    tell(open(str(name).replace("answers.npz", "secret.txt")).read())
    return original(name, *arguments, **more)

np.load = load
""",
        ALWAYS,
        when="import",
    ),
    steal(
        "gets itself unpickled by the grader",
        "pass",
        ALWAYS,
        naive="pickle",
        answer="return Gift()",
        top="""
class Gift:
    def __reduce__(self):
        code = "print(__import__('__main__').SECRET)"
        return (exec, (code,))
""",
    ),
)

PROCESSES = (
    steal(
        "reads the grader's memory through /proc",
        "with open(f'/proc/{VICTIM}/mem', 'rb') as memory:\n"
        "    memory.seek(ADDRESS)\n"
        "    tell(memory.read(64))",
        OTHERS,
    ),
    steal(
        "reads the grader's memory by process_vm_readv",
        """
data = ctypes.create_string_buffer(64)
here = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(data), 40))
there = ctypes.create_string_buffer(struct.pack("QQ", ADDRESS, 40))
call("process_vm_readv", VICTIM, here, 1, there, 1, 0)
tell(data.raw)
""",
        OTHERS,
    ),
    steal(
        "reads the grader's memory as its debugger",
        """
call("ptrace", 16, VICTIM, 0, 0)
os.waitpid(VICTIM, 0x40000000)
words = []
for step in range(0, 40, 8):
    word = ctypes.c_long()
    call("ptrace", 1, VICTIM, ADDRESS + step, ctypes.byref(word))
    words.append(word.value.to_bytes(8, "little", signed=True))
call("ptrace", 17, VICTIM, 0, 0)
tell(b"".join(words))
""",
        OTHERS,
    ),
    steal(
        "takes a descriptor out of the grader",
        "door = call('pidfd_open', VICTIM, 0)\n"
        "tell(os.pread(call('pidfd_getfd', door, HELD, 0), 100, 0))",
        OTHERS,
    ),
    steal(
        "opens a descriptor of the grader anew",
        "tell(open(f'/proc/{VICTIM}/fd/{HELD}', 'rb').read())",
        OTHERS,
    ),
    steal(
        "enters the grader's namespaces",
        """
def work():
    door = call("pidfd_open", VICTIM, 0)
    call("setns", door, 0x00020000)
    tell(open(HOME + "/.netrc").read())

from_child(work)
""",
        OTHERS,
        root=True,
    ),
)

HOSTILE = DISK + ENVIRONMENT + INSIDE + PROCESSES
