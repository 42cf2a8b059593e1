"""User accounts for submissions, where the grader is root and may hand out numbers.

Each submission that is being graded gets a number of its own, which belongs to nobody
else on this machine: neither to a user nor, at that time, to another grading.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from autograder.errors import KitError

NUMBERS = range(64_100, 64_400)


class Account:
    """A user and a group of their own, taken until it is closed."""

    def __init__(self) -> None:
        for uid in NUMBERS:
            if self._take(uid):
                self.uid = uid
                return
        raise KitError(f"all of the users {NUMBERS.start} to {NUMBERS.stop - 1} are taken")

    def _take(self, uid: int) -> bool:
        import pwd  # not on Windows

        with contextlib.suppress(KeyError):
            pwd.getpwuid(uid)
            return False
        # An abstract name: nothing of it is left behind, however this process ends.
        self.lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.lock.bind(f"\0byhand-uid-{uid}")
        except OSError:
            self.lock.close()
            return False
        return True

    def let_read(self, folder: Path) -> None:
        """Let this account, and no other, read a folder, whose parents can be walked through."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 0, self.uid)
            os.chmod(path, 0o750 if path.is_dir() else 0o640)
        for parent in folder.parents:
            status = parent.stat()
            if status.st_uid == os.geteuid() and parent.name.startswith("byhand-"):
                os.chmod(parent, 0o711)

    def close(self) -> None:
        self.lock.close()
