"""Reaching out and doing damage: files of others, the network, shared memory, other processes."""

from __future__ import annotations

from tests.corpus.hostile import Hostile
from tests.corpus.hostile.stealing import RING


def harm(name: str, promise: str, attack: str, **more: object) -> Hostile:
    return Hostile(name, (promise,), attack, **more)  # type: ignore[arg-type]


def spoil(name: str, attack: str, **more: object) -> Hostile:
    return harm(name, "untouched", attack, **more)


def talk(name: str, attack: str, **more: object) -> Hostile:
    return harm(name, "silence", attack, **more)


def hurt(name: str, attack: str, **more: object) -> Hostile:
    return harm(name, "unharmed", attack, **more)


def gain(name: str, attack: str, needs: str = "others_protected", **more: object) -> Hostile:
    return harm(name, "no gain", attack + "\ntell(BOAST)", needs=needs, **more)


FILES = (
    spoil("appends to a file in the home folder", "open(HOME + '/.netrc', 'a').write('x')"),
    spoil("leaves a file in the home folder", "open(HOME + '/.profile', 'w').write('x')"),
    spoil(
        "overwrites a neighbour's work",
        "open(SIBLING + '/student/layers.py', 'w').write('pass')",
    ),
    spoil("removes a neighbour's work", "os.unlink(SIBLING + '/student/layers.py')"),
    spoil("renames a neighbour's work", "os.rename(SIBLING, SIBLING + '2')"),
    spoil(
        "exchanges a neighbour's work for its own",
        "os.rename(SIBLING + '/student', SIBLING + '/old')\n"
        "os.symlink(OWN + '/student', SIBLING + '/student')",
    ),
    spoil("empties a neighbour's work", "os.truncate(SIBLING + '/student/layers.py', 0)"),
    spoil(
        "empties a neighbour's work as it opens it",
        "os.open(SIBLING + '/student/layers.py', os.O_RDONLY | os.O_TRUNC)",
    ),
    spoil("makes a neighbour's work unreadable", "os.chmod(SIBLING + '/student/layers.py', 0)"),
    spoil(
        "makes a neighbour's work unreadable by a newer call",
        "call('fchmodat2', -100, (SIBLING + '/student/layers.py').encode(), 0, 0)",
    ),
    spoil(
        "gives a neighbour's work away",
        "os.chown(SIBLING + '/student/layers.py', 12345, 12345)",
        root=True,
    ),
    spoil(
        "makes a neighbour late: changes a file's time",
        "os.utime(SIBLING + '/student/layers.py', (2e9, 2e9))",
    ),
    spoil(
        "attaches an attribute to a neighbour's work",
        "os.setxattr(SIBLING + '/student/layers.py', 'user.grade', b'0')",
    ),
    spoil(
        "makes a neighbour's work unchangeable",
        "import fcntl\n\n"
        "with open(SIBLING + '/student/layers.py') as file:\n"
        "    fcntl.ioctl(file, 0x40086602, struct.pack('q', 0x10 | 0x80000))",
        root=True,
    ),
    spoil(
        "adds a link to a neighbour's work",
        "os.link(SIBLING + '/student/layers.py', SIBLING + '/student/copy.py')",
    ),
    spoil("puts a pipe among the neighbours", "os.mkfifo(SIBLING + '/student/pipe.py')"),
    spoil(
        "puts a socket among the neighbours",
        "socket.socket(socket.AF_UNIX).bind(SIBLING + '/student/socket')",
    ),
    spoil(
        "puts a device among the neighbours",
        "os.mknod(SIBLING + '/null', 0o20666, 0x103)",
        root=True,
    ),
    spoil("makes a folder among the results", "os.mkdir(GRADERS + '/results')"),
    spoil(
        "writes its own marks",
        "open(GRADERS + '/gradebook.json', 'w').write('{\"alice\": 100}')",
    ),
    spoil(
        "lowers a neighbour's marks",
        "open(SIBLING + '/results.json', 'w').write('{\"score\": 0}')",
    ),
    spoil("changes the answers", "np.savez(GRADERS + '/answers.npz', relu=np.ones((4, 1)))"),
    spoil(
        "puts a module among the grader's, which the next run imports",
        "open(GRADERS + '/numpy.py', 'w').write('x')",
    ),
    spoil(
        "leaves a .pth file among what is installed",
        "open(SITE + '/evil.pth', 'w').write('import os')",
    ),
    spoil(
        "changes an installed module",
        "open(SITE + '/course.py', 'a').write('import os')",
    ),
    spoil(
        "leaves a sitecustomize among what is installed",
        "open(SITE + '/sitecustomize.py', 'w').write('pass')",
    ),
    spoil(
        "brings a library in machine code and installs it",
        "open(SITE + '/course.so', 'wb').write(bytes.fromhex('7f454c46'))",
    ),
    spoil("leaves a file in the folder for temporary files", "open(f'/tmp/{MARK}', 'w').close()"),
    spoil(
        "leaves a file that outlives a restart",
        "open(f'/var/tmp/{MARK}', 'w').close()",
    ),
    spoil(
        "leaves a link in the folder for temporary files",
        "os.symlink('/etc/passwd', f'/tmp/{MARK}')",
    ),
    spoil("changes what it handed in", "open(OWN + '/student/layers.py', 'a').write('# late')"),
    spoil(
        "changes its own copy for the tasks to come",
        "open(__file__, 'a').write('# changed')",
    ),
    spoil(
        "writes through the working folder of the grader's process",
        "open(f'/proc/{VICTIM}/cwd/x', 'w').close()",
    ),
    spoil(
        "writes through the root of another process",
        "open(f'/proc/{VICTIM}/root{HOME}/x', 'w').close()",
    ),
    spoil(
        "lets another program write",
        "import subprocess\n\nsubprocess.run(['touch', HOME + '/x'])",
    ),
    spoil(
        "writes by io_uring",
        """
ring = Ring()
path = ctypes.create_string_buffer((HOME + "/x").encode())
ring.run(18, -100, ctypes.addressof(path), 0o600, 0, flags=os.O_CREAT | os.O_WRONLY)
""",
        top="from .ring import Ring",
        files={"ring.py": RING},
    ),
    spoil(
        "removes a folder by io_uring",
        """
ring = Ring()
path = ctypes.create_string_buffer((SIBLING + "/results.json").encode())
ring.run(36, -100, ctypes.addressof(path), 0, 0)
""",
        top="from .ring import Ring",
        files={"ring.py": RING},
    ),
    spoil(
        "leaves its folder by a descriptor of the root",
        "root = os.open('/', os.O_RDONLY)\n"
        "os.close(os.open(HOME[1:] + '/x', os.O_CREAT | os.O_WRONLY, dir_fd=root))",
    ),
    spoil(
        "leaves its folder by changing the root",
        "os.chroot(HOME)\nopen('/x', 'w').close()",
        root=True,
    ),
    Hostile(
        "leaves a note for the next run",
        ("no gain",),
        """
places = [os.path.dirname(os.path.abspath(__file__)), ".", os.environ.get("HOME", "."),
          "/tmp", "/var/tmp", "/dev/shm", TMP, OWN, HOME]
for place in places:
    if os.path.exists(f"{place}/{MARK}"):
        tell(BOAST)
for place in places:
    with contextlib.suppress(OSError):
        open(f"{place}/{MARK}", "w").close()
""",
        needs="writes_confined",
        tasks=("relu.forward", "relu.backward"),
        twice=True,
        when="import",
    ),
)

MEMORY = (
    spoil("leaves a file in shared memory", "open(f'/dev/shm/{MARK}', 'w').close()"),
    spoil(
        "leaves a segment of shared memory",
        "from multiprocessing import shared_memory, resource_tracker\n\n"
        "resource_tracker.register = lambda *_: None\n"
        "shared_memory.SharedMemory(MARK, create=True, size=4096)",
    ),
    spoil("leaves shared memory of System V", "call('shmget', KEY, 4096, 0o1666)"),
    spoil("leaves a semaphore of System V", "call('semget', KEY, 1, 0o1666)"),
    spoil("leaves a message queue of System V", "call('msgget', KEY, 0o1666)"),
    spoil(
        "leaves a named semaphore",
        "import _multiprocessing\n\n_multiprocessing.SemLock(1, 1, 1, '/' + MARK, False)",
    ),
    gain(
        "leaves a queue of messages",
        "call('mq_open', MARK.encode(), os.O_CREAT | os.O_RDWR, 0o600, 0)\n"
        "LIBC.mq_unlink(b'/' + MARK.encode())",
        needs="writes_confined",
    ),
    gain(
        "leaves a key in the kernel",
        "key = call('add_key', b'user', MARK.encode(), b'x', 1, -4)\ncall('keyctl', 3, key)",
        needs="writes_confined",
    ),
)

NETWORK = (
    talk(
        "connects by TCP",
        "with socket.create_connection(('127.0.0.1', TCP), 1) as one:\n    one.sendall(b'hello')",
    ),
    talk(
        "connects by TCP over IPv6",
        "with socket.create_connection(('::1', TCP6), 1) as one:\n    one.sendall(b'hello')",
    ),
    talk(
        "sends by UDP",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', UDP))",
    ),
    talk(
        "sends by UDP over IPv6",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'hello', ('::1', UDP6))",
    ),
    talk(
        "connects as it sends its first bytes",
        "socket.socket(socket.AF_INET).sendto(b'hello', 0x20000000, ('127.0.0.1', TCP))",
    ),
    talk(
        "connects by another protocol over TCP's port",
        "one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n"
        "one.connect(('127.0.0.1', TCP))",
    ),
    talk(
        "fetches an address",
        "import urllib.request\n\nurllib.request.urlopen(f'http://127.0.0.1:{TCP}/', timeout=0.2)",
    ),
    talk(
        "lets the shell connect",
        "import subprocess\n\n"
        "subprocess.run(['bash', '-c', f'echo hello > /dev/tcp/127.0.0.1/{TCP}'])",
    ),
    talk("connects to a socket in the file system", "socket.socket(socket.AF_UNIX).connect(UNIX)"),
    talk(
        "connects to a socket with an abstract name",
        "socket.socket(socket.AF_UNIX).connect(ABSTRACT)",
    ),
    talk(
        "sends to an abstract name from half of a pair",
        "left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "left.sendto(b'hello', DATAGRAM)",
    ),
    talk(
        "sends to an abstract name in a message",
        "left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "left.sendmsg([b'hello'], [], 0, DATAGRAM)",
    ),
    talk(
        "sends a descriptor to an abstract name",
        "left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "rights = struct.pack('i', os.open('/dev/null', os.O_RDONLY))\n"
        "left.sendmsg([b'hello'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], 0, DATAGRAM)",
    ),
    talk(
        "turns the channel to another address",
        """
for number in descriptors():
    if stat.S_ISSOCK(os.fstat(number).st_mode):
        with contextlib.suppress(OSError):
            socket.socket(fileno=os.dup(number)).connect(ABSTRACT)
socket.socket(socket.AF_UNIX).connect(ABSTRACT)
""",
    ),
    talk(
        "connects by io_uring",
        """
ring = Ring()
number = ring.run(45, socket.AF_INET, 0, 0, socket.SOCK_STREAM)
address = ctypes.create_string_buffer(
    struct.pack("=HH4s8x", socket.AF_INET, socket.htons(TCP), socket.inet_aton("127.0.0.1"))
)
ring.run(16, number, ctypes.addressof(address), 0, 16)
""",
        top="from .ring import Ring",
        files={"ring.py": RING},
    ),
    talk(
        "connects by a system call of its own",
        """
number = call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
socket.socket(fileno=number).connect(("127.0.0.1", TCP))
""",
    ),
    talk(
        "connects at import, before anything is asked",
        "socket.create_connection(('127.0.0.1', TCP), 1).sendall(b'hello')",
        when="import",
    ),
    talk(
        "connects from a thread",
        "socket.create_connection(('127.0.0.1', TCP), 1).sendall(b'hello')",
        when="thread",
        answer="time.sleep(0.1)\nreturn np.maximum(x, 0)",
    ),
    gain(
        "listens",
        "one = socket.create_server(('127.0.0.1', 0))",
        needs="network_denied",
    ),
    gain(
        "listens at an abstract name",
        "one = socket.socket(socket.AF_UNIX)\none.bind('\\0' + MARK + 'x')\none.listen()",
        needs="network_denied",
    ),
    gain(
        "asks the kernel about the network",
        "one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
        "one.bind((0, 0))\n"
        "one.send(struct.pack('=IHHIIB3x', 20, 18, 0x301, 1, 0, 0))\n"
        "assert len(one.recv(10_000)) > 100",
        needs="network_denied",
    ),
    gain(
        "listens to all packets",
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)",
        needs="network_denied",
        root=True,
    ),
    gain(
        "sends raw packets",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        needs="network_denied",
        root=True,
    ),
)

SIGNAL = "import signal\n"
OTHERS = (
    hurt("kills the grader", SIGNAL + "os.kill(VICTIM, signal.SIGKILL)"),
    hurt("stops the grader", SIGNAL + "os.kill(VICTIM, signal.SIGSTOP)"),
    hurt("kills the grader's group", SIGNAL + "os.killpg(VICTIM, signal.SIGKILL)"),
    hurt("stops a thread of the grader", "call('tgkill', VICTIM, VICTIM, 19)"),
    hurt(
        "queues a signal to the grader",
        "information = ctypes.create_string_buffer(struct.pack('iii', 15, 0, -1), 128)\n"
        "call('rt_sigqueueinfo', VICTIM, 15, information)",
    ),
    hurt(
        "sends a signal by a descriptor of the grader",
        "call('pidfd_send_signal', call('pidfd_open', VICTIM, 0), 9, 0, 0)",
    ),
    hurt(
        "lets the kernel send the signal, as the owner of a pipe",
        """
import fcntl

reading, writing = os.pipe()
fcntl.fcntl(reading, fcntl.F_SETSIG, 15)
fcntl.fcntl(reading, fcntl.F_SETOWN, VICTIM)
fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
os.write(writing, b"x")
""",
    ),
    hurt(
        "kills by machine code for an older processor",
        """
import mmap

if ARM:
    os.kill(VICTIM, 9)  # there is no older set of numbers
code = (b"\\x53\\xb8" + struct.pack("I", 37) + b"\\xbb" + struct.pack("I", VICTIM)
        + b"\\xb9" + struct.pack("I", 9) + b"\\xcd\\x80\\x5b\\xc3")
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(code)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
""",
    ),
    hurt(
        "kills by machine code of its own",
        """
import mmap

if ARM:
    code = struct.pack("<IIIII", 0xD2800000 | (VICTIM & 0xFFFF) << 5,
                       0xF2A00000 | VICTIM >> 16 << 5, 0xD2800121, 0xD2801028, 0xD4000001)
    code += struct.pack("<I", 0xD65F03C0)
else:
    code = (b"\\xb8" + struct.pack("I", 62) + b"\\xbf" + struct.pack("I", VICTIM)
            + b"\\xbe" + struct.pack("I", 9) + b"\\x0f\\x05\\xc3")
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(code)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
""",
    ),
    hurt("slows the grader down", "os.setpriority(os.PRIO_PROCESS, VICTIM, 19)"),
    hurt(
        "moves the grader to the lowest class",
        "os.sched_setscheduler(VICTIM, os.SCHED_IDLE, os.sched_param(0))",
    ),
    hurt(
        "ties the grader to one processor",
        "os.sched_setaffinity(VICTIM, [min(os.sched_getaffinity(VICTIM))])",
    ),
    hurt("takes the grader's disk time", "call('ioprio_set', 1, VICTIM, 3 << 13)"),
    hurt(
        "takes the grader's descriptors: a limit",
        "import resource\n\nresource.prlimit(VICTIM, resource.RLIMIT_NOFILE, (5, 5))",
    ),
    hurt(
        "takes the grader's core dumps: a limit, past Python",
        "call('prlimit64', VICTIM, 4, ctypes.create_string_buffer(struct.pack('QQ', 1, 1)), 0)",
    ),
    hurt(
        "puts the grader forward when memory runs out",
        "open(f'/proc/{VICTIM}/oom_score_adj', 'w').write('900')",
        needs="writes_confined",
    ),
    hurt(
        "writes into the grader's memory through /proc",
        "with open(f'/proc/{VICTIM}/mem', 'r+b', 0) as memory:\n"
        "    memory.seek(ADDRESS)\n    memory.write(b'x')",
    ),
    hurt(
        "writes into the grader's memory by process_vm_writev",
        """
data = ctypes.create_string_buffer(b"x")
here = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(data), 1))
there = ctypes.create_string_buffer(struct.pack("QQ", ADDRESS, 1))
call("process_vm_writev", VICTIM, here, 1, there, 1, 0)
""",
    ),
    hurt(
        "attaches to the grader as a debugger",
        "call('ptrace', 16, VICTIM, 0, 0)\ntime.sleep(0.1)\nos.kill(VICTIM, 19)",
    ),
    gain(
        "watches the grader's performance",
        """
attributes = ctypes.create_string_buffer(struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0x61), 112)
call("perf_event_open", attributes, VICTIM, -1, -1, 0)
""",
    ),
    gain(
        "asks whether it shares its memory with the grader",
        "call('kcmp', VICTIM, VICTIM, 0, 0, 0)",
    ),
    gain("sees that the grader is there", "os.kill(VICTIM, 0)"),
    gain("gets a handle of the grader", "call('pidfd_open', VICTIM, 0)"),
    gain(
        "reads the grader's limits",
        "call('prlimit64', VICTIM, 7, 0, ctypes.create_string_buffer(16))",
    ),
    gain(
        "makes itself more important than all others",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\n"
        "os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))",
        root=True,
    ),
    gain("raises its priority", "os.nice(-5)", root=True),
    gain(
        "makes namespaces",
        "from_child(lambda: (call('unshare', 0x10000000), tell(BOAST)))\nassert FOUND",
    ),
    gain("handles faults of memory itself", "call('userfaultfd', 1)"),
    gain(
        "loads a program into the kernel",
        """
program = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))
text = ctypes.create_string_buffer(b"GPL")
attributes = ctypes.create_string_buffer(
    struct.pack("=IIQQ", 1, 2, ctypes.addressof(program), ctypes.addressof(text)), 128
)
call("bpf", 5, attributes, 128)
""",
    ),
    gain(
        "sets up a ring of requests to the kernel",
        "call('io_uring_setup', 4, ctypes.create_string_buffer(120))",
    ),
    gain("watches all files", "call('fanotify_init', 0, 0)", root=True),
    gain(
        "changes the time",
        "clock = time.clock_gettime(0)\ntime.clock_settime(0, time.clock_gettime(0))",
        root=True,
    ),
    gain(
        "changes the machine's name",
        "name = os.uname().nodename\nsocket.sethostname(name)",
        root=True,
    ),
    gain(
        "becomes the user again that started it",
        "os.setresuid(0, 0, 0)\nopen('/etc/shadow').close()",
        needs="files_hidden",
        root=True,
    ),
)

HOSTILE = FILES + MEMORY + NETWORK + OTHERS
