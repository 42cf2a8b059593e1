"""The wall around a worker, built from inside before any code of a submission is loaded.

    python -I -S -B wall.py SETTINGS

limits this process, gives up what it may do for good, and then runs the program that
the settings (JSON) name. What is given up here cannot be taken back: by the process, its
threads or, were there any, its children. Like the worker, this file is run alone and
must import nothing of the kit; it knows neither the channel nor the submission.

On Linux the wall is made of resource limits, Landlock (which files can be opened) and
seccomp (which system calls are answered). Neither needs privileges or an installation.
Elsewhere there are the resource limits of POSIX, and what was put around from outside.
"""

from __future__ import annotations

import errno
import json
import marshal
import os
import struct
import sys

TYPE_CHECKING = False  # without the import of typing
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType
    from typing import Any

    Step = tuple[int, int, int, int]

MEGABYTE = 1 << 20


def limit_resources(settings: dict[str, Any]) -> None:
    """Limit memory, files, time and threads of this process, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    linux = sys.platform.startswith("linux")
    wanted = [
        ("RLIMIT_AS", settings["memory"] * MEGABYTE if linux else None),
        ("RLIMIT_FSIZE", settings["file"] * MEGABYTE),
        ("RLIMIT_CPU", settings["cpu"]),
        ("RLIMIT_NPROC", settings["tasks"] if linux else None),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 128),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_MEMLOCK", 0),
    ]
    for name, value in wanted:
        limit = getattr(resource, name, None)
        if limit is None or value is None:
            continue
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


# Linux -----------------------------------------------------------------------------------


class Kernel:
    """System calls by number, through the C library."""

    def __init__(self) -> None:
        import ctypes

        self.ctypes = ctypes
        self.library = ctypes.CDLL(None, use_errno=True)

    def call(self, number: int, *arguments: Any) -> int:
        """Make a system call.

        Raises
        ------
        OSError
            With the kernel's reason.
        """
        c = self.ctypes
        words = [c.c_long(one) if isinstance(one, int) else one for one in arguments]
        result: int = self.library.syscall(c.c_long(number), *words)
        if result < 0:
            code = c.get_errno()
            raise OSError(code, os.strerror(code), f"system call {number}")
        return result

    def prctl(self, option: int, *arguments: Any) -> None:
        c = self.ctypes
        words = [c.c_ulong(one) if isinstance(one, int) else one for one in arguments]
        words += [c.c_ulong(0)] * (4 - len(words))
        if self.library.prctl(c.c_int(option), *words):
            code = c.get_errno()
            raise OSError(code, os.strerror(code), f"prctl {option}")


PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
SIGKILL = 9


def die_with_parent(kernel: Kernel, parent: int) -> None:
    """Be killed when the grader ends, however that ends."""
    kernel.prctl(PR_SET_PDEATHSIG, SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(0)  # it has gone already


def drop_capabilities(kernel: Kernel, number: int) -> None:
    """Give up what root may do more than others."""
    c = kernel.ctypes
    header = c.create_string_buffer(struct.pack("<II", 0x20080522, 0))
    nothing = c.create_string_buffer(24)
    kernel.call(number, header, nothing)


# Landlock: access rights by the version of the interface that knows them first.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1, 2, 4, 8, 16, 32
MAKE_DIR, MAKE_REG, TRUNCATE = 1 << 7, 1 << 8, 1 << 14
HANDLED = {1: 0x1FFF, 2: 0x2000, 3: TRUNCATE, 5: 1 << 15}
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15
READ = READ_FILE | READ_DIR
SCRATCH = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
TCP, SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals of others
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers everywhere
FOREIGN = ("site-packages", "dist-packages")  # of a Python: what was installed for others


class Landlock:
    """Opens no file but those that were listed."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.version = kernel.call(CREATE_RULESET, 0, 0, 1)
        self.handled = sum(bits for since, bits in HANDLED.items() if since <= self.version)
        net = TCP if self.version >= 4 else 0
        scoped = SCOPES if self.version >= 6 else 0
        size = 24 if self.version >= 6 else 16 if self.version >= 4 else 8
        attributes = struct.pack("<QQQ", self.handled, net, scoped)[:size]
        buffer = kernel.ctypes.create_string_buffer(attributes, size)
        self.rules = kernel.call(CREATE_RULESET, buffer, size, 0)

    def allow(self, path: str, rights: int) -> None:
        """Allow these rights in a file, or in a folder and all that is below."""
        try:
            there = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, PermissionError):
            return  # what cannot be opened anyway needs no permission
        if not os.path.isdir(path):
            rights &= OF_FILES
        rule = struct.pack("<Qi", rights & self.handled, there)
        buffer = self.kernel.ctypes.create_string_buffer(rule, len(rule))
        self.kernel.call(ADD_RULE, self.rules, 1, buffer, 0)
        os.close(there)

    def allow_reading(self, path: str) -> None:
        """Allow to read a file, or a folder but for packages that were installed in it."""
        foreign = [os.path.join(path, name) for name in FOREIGN]
        # In namespaces they are hidden, so empty.
        if any(os.path.isdir(name) and os.listdir(name) for name in foreign):
            self.allow(path, READ_DIR)
            for name in os.listdir(path):
                if name not in FOREIGN:
                    self.allow(os.path.join(path, name), READ)
        else:
            self.allow(path, READ)

    def restrict(self) -> None:
        self.kernel.call(RESTRICT_SELF, self.rules, 0)
        os.close(self.rules)


# System calls that are refused: name, number on x86-64, number on arm64. A list of what
# is refused, not of what is allowed: NumPy, glibc and OpenBLAS call new things each year.
REFUSED = """
    fork 57 -  vfork 58 -  execve 59 221  execveat 322 281

    socket 41 198  connect 42 203  bind 49 200  listen 50 201  accept 43 202  accept4 288 242

    ptrace 101 117  process_vm_readv 310 270  process_vm_writev 311 271  kcmp 312 272
    process_madvise 440 440  process_mrelease 448 448  pidfd_open 434 434
    pidfd_getfd 438 438  pidfd_send_signal 424 424  tkill 200 130  rt_sigqueueinfo 129 138
    rt_tgsigqueueinfo 297 240  migrate_pages 256 238  move_pages 279 239
    setpriority 141 140  ioprio_set 251 30

    chmod 90 -  fchmod 91 52  fchmodat 268 53  fchmodat2 452 452  chown 92 -  lchown 94 -
    fchown 93 55  fchownat 260 54  utime 132 -  utimes 235 -  futimesat 261 -
    utimensat 280 88  setxattr 188 5  lsetxattr 189 6  fsetxattr 190 7  removexattr 197 14
    lremovexattr 198 15  fremovexattr 199 16  setxattrat 463 463  removexattrat 466 466
    file_setattr 469 469  name_to_handle_at 303 264  open_by_handle_at 304 265

    mount 165 40  umount2 166 39  move_mount 429 429  open_tree 428 428
    open_tree_attr 467 467  fsopen 430 430  fsconfig 431 431  fsmount 432 432
    fspick 433 433  mount_setattr 442 442  pivot_root 155 41  chroot 161 51
    unshare 272 97  setns 308 268

    shmget 29 194  shmat 30 196  shmctl 31 195  shmdt 67 197  msgget 68 186  msgsnd 69 189
    msgrcv 70 188  msgctl 71 187  semget 64 190  semop 65 193  semtimedop 220 192
    semctl 66 191  mq_open 240 180  mq_unlink 241 181  memfd_create 319 279
    memfd_secret 447 447

    inotify_init 253 -  inotify_init1 294 26  inotify_add_watch 254 27
    fanotify_init 300 262  fanotify_mark 301 263

    bpf 321 280  perf_event_open 298 241  userfaultfd 323 282  io_uring_setup 425 425
    io_uring_enter 426 426  io_uring_register 427 427  keyctl 250 219  add_key 248 217
    request_key 249 218

    kexec_load 246 104  kexec_file_load 320 294  init_module 175 105  finit_module 313 273
    delete_module 176 106  reboot 169 142  swapon 167 224  swapoff 168 225  acct 163 89
    quotactl 179 60  quotactl_fd 443 443  syslog 103 116  iopl 172 -  ioperm 173 -
    modify_ldt 154 -  settimeofday 164 170  clock_settime 227 112  clock_adjtime 305 266
    adjtimex 159 171  sethostname 170 161  setdomainname 171 162  vhangup 153 58
    nfsservctl 180 42  lookup_dcookie 212 18  uselib 134 -
"""
CLONE3 = (435, 435)
CONDITIONAL = {
    "clone": (56, 220),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "socketpair": (53, 199),
    "sendto": (44, 206),
}
CAPSET = (126, 91)
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
CLONE_THREAD = 0x10000
AF_UNIX, SOCK_STREAM = 1, 1
# fcntl: who is sent signals about a file, which signal; leases, and news of a folder.
FCNTL_REFUSED = (8, 10, 15, 1024, 1026)
# ioctl: type into a terminal, its clipboard, and again who is sent signals.
IOCTL_REFUSED = (0x5412, 0x541C, 0x8901, 0x8902)

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL_PROCESS, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # where they lie in what a filter sees


def seccomp_filter(architecture: int, which: int, pid: int) -> list[Step]:
    """A program for the kernel, which says for each system call whether it is answered.

    Parameters
    ----------
    architecture
        The kernel's word for it; calls in another way (32 bit) end the process.
    which
        The column of the tables.
    pid
        Of this process: signals and limits are its own affair only.
    """
    refuse, absent = REFUSE | errno.EPERM, REFUSE | errno.ENOSYS
    program: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, 0x40000000),  # x32, a second set of numbers
        (RETURN, 0, 0, refuse),
        (EQUAL, 0, 1, CLONE3[which]),  # glibc then takes clone, whose flags can be seen
        (RETURN, 0, 0, absent),
    ]
    words = REFUSED.split()
    for column in zip(words[1::3], words[2::3], strict=True):
        if column[which] != "-":
            program += [(EQUAL, 0, 1, int(column[which])), (RETURN, 0, 0, refuse)]

    def rule(name: str, *body: Step) -> None:
        """Judge a call by its arguments, in steps each way of which ends with an answer."""
        program.extend([(EQUAL, 0, len(body), CONDITIONAL[name][which]), *body])

    def argument(index: int) -> Step:
        return (LOAD, 0, 0, ARGUMENTS + 8 * index)  # its lower half

    allowed, refused = (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, refuse)

    def by_value(name: str, index: int, values: Iterable[int], then: Step, otherwise: Step) -> None:
        tests = [step for value in values for step in ((EQUAL, 0, 1, value), then)]
        rule(name, argument(index), *tests, otherwise)

    rule("clone", argument(0), (ANY_BIT, 0, 1, CLONE_THREAD), allowed, refused)
    for name in ("kill", "tgkill"):
        by_value(name, 0, [pid], allowed, refused)
    for name in CONDITIONAL:
        if name.startswith(("sched_", "prlimit")):
            by_value(name, 0, [0, pid], allowed, refused)
    by_value("fcntl", 1, FCNTL_REFUSED, refused, allowed)
    by_value("ioctl", 1, IOCTL_REFUSED, refused, allowed)
    by_value("prctl", 0, [PR_SET_PDEATHSIG], refused, allowed)  # to outlive the grader
    rule(
        "socketpair",
        argument(0),
        (EQUAL, 0, 4, AF_UNIX),
        argument(1),
        (AND, 0, 0, 0xF),
        (EQUAL, 0, 1, SOCK_STREAM),
        allowed,
        refused,
    )
    # An address (of which both halves are looked at) would reach other sockets.
    upper = (LOAD, 0, 0, ARGUMENTS + 8 * 4 + 4)
    rule("sendto", argument(4), (EQUAL, 0, 3, 0), upper, (EQUAL, 0, 1, 0), allowed, refused)
    program.append(allowed)
    return program


def refuse_calls(kernel: Kernel, architecture: int, which: int) -> None:
    """Put the filter in place, for good."""
    c = kernel.ctypes
    program = seccomp_filter(architecture, which, os.getpid())
    code = b"".join(struct.pack("<HBBI", *step) for step in program)
    buffer = c.create_string_buffer(code, len(code))
    descriptor = c.create_string_buffer(
        struct.pack("<HxxxxxxQ", len(program), c.addressof(buffer)), 16
    )
    kernel.prctl(PR_SET_SECCOMP, 2, descriptor)


def build(settings: dict[str, Any]) -> None:
    """Build the wall, as far as this platform can, and say of what it is made.

    Raises
    ------
    OSError
        Something that the settings ask for cannot be had.
    """
    limit_resources(settings)
    if not sys.platform.startswith("linux"):
        return
    kernel = Kernel()
    die_with_parent(kernel, settings["parent"])
    kernel.prctl(PR_SET_NO_NEW_PRIVS, 1)
    architecture, which = ARCHITECTURES.get(os.uname().machine, (None, 0))
    if sys.maxsize < 1 << 32 or sys.byteorder != "little":
        architecture = None  # another set of numbers
    if architecture and settings["capabilities"]:
        drop_capabilities(kernel, CAPSET[which])
    if settings["landlock"]:
        landlock = Landlock(kernel)
        for path in settings["read"]:
            landlock.allow_reading(path)
        for path in settings["write"]:
            landlock.allow(path, SCRATCH)
        landlock.allow("/dev/null", READ_FILE | WRITE_FILE)
        for path in ("/dev/urandom", "/dev/zero"):
            landlock.allow(path, READ_FILE)
        landlock.restrict()
    if settings["seccomp"]:
        if architecture is None:
            raise OSError(errno.ENOSYS, "no table of system calls for this machine")
        refuse_calls(kernel, architecture, which)


def program(path: str) -> CodeType:
    """The code of a program, compiled already or not."""
    with open(path, "rb") as file:
        data = file.read()
    code: CodeType = (
        marshal.loads(data[16:]) if path.endswith(".pyc") else compile(data, path, "exec")
    )
    return code


def main() -> None:
    settings = json.loads(sys.argv[1])
    sys.argv[:] = [""]
    code = program(settings["run"])  # which may not be readable afterwards
    build(settings)
    namespace: dict[str, Any] = {"__name__": "__worker__", "__file__": settings["run"]}
    exec(code, namespace)
    namespace["main"](settings)


if __name__ == "__main__":
    main()
