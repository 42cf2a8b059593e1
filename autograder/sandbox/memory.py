"""How much memory a process uses, seen from outside, where the platform shows it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def resident(pid: int) -> int | None:
    """Resident memory of a process now, in bytes; None where it cannot be seen."""
    return status(pid, "VmRSS:")


def peak(pid: int) -> int | None:
    """The most that was resident since `forget_peak`, in bytes."""
    return status(pid, "VmHWM:")


def forget_peak(pid: int) -> bool:
    """Let the peak start anew from what is resident now; false where that cannot be done."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        return True
    return False


def status(pid: int, name: str) -> int | None:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return None
