"""The profile of macOS' sandbox-exec, from its documentation; see docs/course/isolation.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PROGRAM = "/usr/bin/sandbox-exec"
SYSTEM = ("/usr/lib", "/System", "/Library/Apple", "/private/var/db/dyld", "/dev", "/etc")


def command(readable: Iterable[Path], scratch: Path) -> list[str]:
    """What comes before the command that is to run inside."""
    return [PROGRAM, "-p", profile(readable, scratch)]


def profile(readable: Iterable[Path], scratch: Path) -> str:
    """Deny everything but computing, reading some paths, and writing to the scratch folder."""
    paths = [*map(Path, SYSTEM), *readable]
    reads = " ".join(f"(subpath {quoted(path)})" for path in (*paths, scratch))
    return "\n".join(
        [
            "(version 1)",
            "(deny default)",
            "(allow process-exec)",  # of the interpreter; it may start no other process
            "(deny process-fork)",
            "(allow sysctl-read)",
            "(allow mach-lookup)",
            "(allow signal (target self))",
            "(allow file-read-metadata)",
            f'(allow file-read* (literal "/") {reads})',
            f"(allow file-write* (subpath {quoted(scratch)}))",
            '(allow file-write-data (literal "/dev/null"))',
        ]
    )


def quoted(path: Path) -> str:
    text = str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
