"""What is kept from a submission on this machine, as capabilities and not as a name.

A worker is a process of its own with limits, which is what keeps marks from being
forged. It is not yet a wall: the operating system lets it read and write what its user
may, and reach the network. What is false here is told to everyone who reads a result.
"""

from __future__ import annotations

import sys

REQUIRED = ("files_hidden", "writes_confined", "network_denied", "others_protected", "tree_killed")


def obtained() -> dict[str, bool]:
    """Each capability, and whether a worker on this machine has it."""
    return {
        "files_hidden": False,
        "writes_confined": False,
        "network_denied": False,
        "others_protected": False,
        "memory_limited": sys.platform.startswith("linux"),
        "processes_limited": False,
        "tree_killed": False,
    }


def missing() -> list[str]:
    """What an isolated run requires and this machine does not give."""
    present = obtained()
    return [name for name in REQUIRED if not present[name]]
