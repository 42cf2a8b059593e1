"""All hostile submissions by family, and a sample of them for every day."""

from __future__ import annotations

from autograder.sandbox.isolation import CAPABILITIES
from tests.corpus.hostile import ALWAYS, exhausting, leaking, reports, stealing, tampering, values

FAMILIES = {
    "stealing": stealing.HOSTILE,
    "tampering": tampering.HOSTILE,
    "exhausting": exhausting.HOSTILE,
    "leaking": leaking.HOSTILE,
    "reports": reports.HOSTILE,
    "values": values.HOSTILE,
}

# For every day: quick ones, of every family and every promise.
SAMPLE = {
    "reads a password in the home folder",
    "reads from every descriptor that it inherited",
    "reads its callers' variables",
    "reads the grader's memory by process_vm_readv",
    "is an array that tells NumPy's functions what they find",
    "replaces the judge's functions",
    "brings a conftest.py that turns failures",
    "ends with a good exit status",
    "sends zeros for answers to all questions to come",
    "loops in a call",
    "leaves a daemon of its own session",
    "takes memory bit by bit",
    "overwrites a neighbour's work",
    "makes a neighbour's work unreadable",
    "sends by UDP",
    "kills the grader",
    "clears the terminal",
    "is a list that holds itself",
}

# What these use may be missing in a kernel, or be refused to everybody: where such a one has
# no effect on the naive grader either, its control is skipped.
RARE = {
    "opens a file by its handle, past all paths",
    "opens with openat2",
    "opens and reads by io_uring",
    "mounts the home into its own folder, in a new namespace",
    "asks ps for command lines",
    "reads the grader's memory as its debugger",
    "takes a descriptor out of the grader",
    "makes a neighbour's work unreadable by a newer call",
    "attaches an attribute to a neighbour's work",
    "makes a neighbour's work unchangeable",
    "leaves a file that cannot be removed",
    "writes by io_uring",
    "removes a folder by io_uring",
    "leaves a key in the kernel",
    "leaves a queue of messages",
    "leaves shared memory of System V",
    "leaves a semaphore of System V",
    "leaves a message queue of System V",
    "connects by TCP over IPv6",
    "sends by UDP over IPv6",
    "connects as it sends its first bytes",
    "connects by another protocol over TCP's port",
    "connects by io_uring",
    "lets the shell connect",
    "asks the kernel about the network",
    "listens to all packets",
    "kills by machine code for an older processor",
    "takes the grader's disk time",
    "puts the grader forward when memory runs out",
    "watches the grader's performance",
    "asks whether it shares its memory with the grader",
    "makes itself more important than all others",
    "makes namespaces",
    "handles faults of memory itself",
    "loads a program into the kernel",
    "sets up a ring of requests to the kernel",
    "watches all files",
    "changes the time",
    "changes the machine's name",
    "takes memory in a segment of System V",
    "forks by clone3",
    "moves the grader to the lowest class",
    "ties the grader to one processor",
    "brings an installed plugin's entry point",
    "enters the grader's namespaces",
    "puts a device among the neighbours",
    "raises its priority",
    "leaves its folder by changing the root",
    "sends raw packets",
}

EVERY = [one for family in FAMILIES.values() for one in family]
assert {one.needs for one in EVERY} <= {"", ALWAYS, *CAPABILITIES}
assert {*SAMPLE, *RARE} <= {one.name for one in EVERY}
assert len({one.name for one in EVERY}) == len(EVERY), "two of the same name"
