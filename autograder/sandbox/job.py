"""A job object of Windows: it bounds memory and processes, and ends them all at once.

Files and the network stay open. Written from the documentation of the interface; see
docs/course/isolation.md.
"""

from __future__ import annotations

from typing import Any

KILL_ON_CLOSE, ACTIVE_PROCESSES, PROCESS_MEMORY = 0x2000, 0x8, 0x100
EXTENDED_LIMITS = 9


class Job:
    """The job that a process, which has not yet run code of a submission, is put into."""

    kernel: Any
    handle: Any

    def __init__(self, process: Any, memory: int) -> None:
        import ctypes
        from ctypes import wintypes

        class Basic(ctypes.Structure):
            _fields_ = [
                ("PerProcessUserTimeLimit", ctypes.c_int64),
                ("PerJobUserTimeLimit", ctypes.c_int64),
                ("LimitFlags", wintypes.DWORD),
                ("MinimumWorkingSetSize", ctypes.c_size_t),
                ("MaximumWorkingSetSize", ctypes.c_size_t),
                ("ActiveProcessLimit", wintypes.DWORD),
                ("Affinity", ctypes.c_size_t),
                ("PriorityClass", wintypes.DWORD),
                ("SchedulingClass", wintypes.DWORD),
            ]

        class Extended(ctypes.Structure):
            _fields_ = [
                ("BasicLimitInformation", Basic),
                ("IoInfo", ctypes.c_uint64 * 6),
                ("ProcessMemoryLimit", ctypes.c_size_t),
                ("JobMemoryLimit", ctypes.c_size_t),
                ("PeakProcessMemoryUsed", ctypes.c_size_t),
                ("PeakJobMemoryUsed", ctypes.c_size_t),
            ]

        windows: Any = ctypes  # whose Windows part is unknown to type checkers elsewhere
        kernel = windows.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        self.kernel = kernel
        self.handle = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))
        limits = Extended()
        limits.BasicLimitInformation.LimitFlags = KILL_ON_CLOSE | ACTIVE_PROCESSES | PROCESS_MEMORY
        limits.BasicLimitInformation.ActiveProcessLimit = 1
        limits.ProcessMemoryLimit = memory << 20
        done = kernel.SetInformationJobObject(
            self.handle, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        ) and kernel.AssignProcessToJobObject(self.handle, wintypes.HANDLE(int(process._handle)))
        if not done:
            process.kill()
            raise windows.WinError(windows.get_last_error())

    def kill(self) -> None:
        """End every process of the job."""
        self.kernel.TerminateJobObject(self.handle, 1)
        self.kernel.CloseHandle(self.handle)
