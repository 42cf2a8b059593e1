"""The errors that are meant for a person.

Each message says what was wrong, where, and what to do next; the command line
prints it to stderr and ends with status 2. This module knows nothing of the
rest of the kit.
"""

from __future__ import annotations


class KitError(Exception):
    """The kit cannot do what it was asked to do; the message is for a person."""


class IntakeError(KitError):
    """What was handed in cannot be taken as a submission."""


class SyllabusError(KitError):
    """The syllabus is not valid, or does not have what it was asked for."""
