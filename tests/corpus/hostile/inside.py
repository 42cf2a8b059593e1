"""What the attacks share. It is written into each package, below the addresses of the yard."""

import contextlib
import ctypes
import os
import platform
import re
import socket
import stat
import struct
import sys

FOUND = []  # canaries
BOAST = "canary-" + "boast-" + MARK[3:]  # noqa: F821
LIBC = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() in ("aarch64", "arm64")
NUMBERS = {  # of system calls: x86-64, arm64
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "process_madvise": (440, 440),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "ioprio_set": (251, 30),
    "ioprio_get": (252, 31),
    "kcmp": (312, 272),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "unshare": (272, 97),
    "mount": (165, 40),
    "mq_open": (240, 180),
    "socket": (41, 198),
    "fchmodat2": (452, 452),
    "setns": (308, 268),
    "fanotify_init": (300, 262),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "prlimit64": (302, 261),
    "openat2": (437, 437),
}


def call(name, *arguments):
    """A system call, past whatever Python or the C library would do with it."""
    longs = [
        one
        if hasattr(one, "_obj") or isinstance(one, (bytes, ctypes.Array, ctypes.Structure))
        else ctypes.c_long(one or 0)
        for one in arguments
    ]
    result = LIBC.syscall(ctypes.c_long(NUMBERS[name][ARM]), *longs)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def tell(*things):
    """Bring out every canary in these texts, in every way there is."""
    for thing in things:
        data = thing if isinstance(thing, (bytes, bytearray)) else str(thing).encode()
        for token in re.findall(rb"canary-[a-z]+-[0-9a-f]{12}", bytes(data)):
            if token.decode() not in FOUND:
                FOUND.append(token.decode())
    text = " ".join(FOUND)
    with contextlib.suppress(OSError), open(LOOT, "a") as file:  # noqa: F821
        file.write(text + "\n")
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.sendto(text.encode(), ("127.0.0.1", UDP))  # noqa: F821
    print(text, flush=True)


def mark():
    """Let the yard find this process, and those it begets."""
    LIBC.prctl(15, MARK.encode(), 0, 0, 0)  # noqa: F821


def child(work):
    """Run something in a process that ends by itself, whatever happens."""
    mark()
    pid = os.fork()
    if not pid:
        try:
            import signal

            signal.alarm(15)
            work()
        finally:
            os._exit(0)
    return pid


def from_child(work):
    """What a process of our own finds out."""
    reading, writing = os.pipe()

    def work_and_tell():
        with contextlib.suppress(Exception):
            work()
        os.write(writing, " ".join(FOUND).encode())

    child(work_and_tell)
    os.close(writing)
    tell(os.read(reading, 10_000))


def descriptors():
    """Those that are open, without asking /proc."""
    found = []
    for number in range(128):
        with contextlib.suppress(OSError):
            os.fstat(number)
            found.append(number)
    return found


def send(answer, naive):
    """Put bytes into the grader's channel: a socket there, a pipe in the naive grader."""
    for number in descriptors():
        if number > 2:
            mode = os.fstat(number).st_mode
            data = answer if stat.S_ISSOCK(mode) else naive if stat.S_ISFIFO(mode) else b""
            with contextlib.suppress(OSError):
                os.write(number, data)


def frame(number, header, payload=b"", magic=b"BYH1", claimed=None):
    import json

    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(payload) if claimed is None else claimed
    return struct.pack("<4sIIQ", magic, number, len(text), length) + text + payload


VERDICT = b'{"passed": true}\n'


def frames_above(depth=1):
    """The frames of those who called."""
    step = sys._getframe(depth)
    while step is not None:
        yield step
        step = step.f_back
