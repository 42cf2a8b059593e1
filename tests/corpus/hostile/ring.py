"""Just enough of io_uring to open, read and connect without the usual system calls."""

import ctypes
import struct

from .inside import LIBC, call

LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
SQES, CQ_RING = 0x10000000, 0x8000000


class Ring:
    """One operation after another, each waited for."""

    def __init__(self):
        parameters = ctypes.create_string_buffer(120)
        self.door = call("io_uring_setup", 4, parameters)
        words = struct.unpack("30I", parameters.raw)
        self.sq, self.cq = words[10:18], words[20:28]
        self.submission = self.map(self.sq[6] + words[0] * 4, 0)
        self.completion = self.map(self.cq[5] + words[1] * 16, CQ_RING)
        self.entries = self.map(words[0] * 64, SQES)

    def map(self, size, offset):
        where = LIBC.mmap(None, size, 3, 1, self.door, offset)
        if where in (None, ctypes.c_void_p(-1).value):
            raise OSError("mmap")
        return where

    def word(self, base, offset):
        return ctypes.c_uint.from_address(base + offset)

    def run(self, operation, number, address, length, offset, flags=0):
        entry = struct.pack(
            "BBHiQQIIQ", operation, 0, 0, number, offset, address, length, flags, 7
        ).ljust(64, b"\0")
        tail = self.word(self.submission, self.sq[1])
        index = tail.value & self.word(self.submission, self.sq[2]).value
        ctypes.memmove(self.entries + index * 64, entry, 64)
        self.word(self.submission, self.sq[6] + 4 * index).value = index
        tail.value += 1
        call("io_uring_enter", self.door, 1, 1, 1, 0, 0)
        head = self.word(self.completion, self.cq[0])
        place = head.value & self.word(self.completion, self.cq[2]).value
        result = ctypes.c_int.from_address(self.completion + self.cq[5] + place * 16 + 8).value
        head.value += 1
        if result < 0:
            raise OSError(-result, "io_uring")
        return result
