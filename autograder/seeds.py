"""The seed of the cases that a submission meets.

Students grade themselves with a public seed. An instructor's seed comes from a secret and
the content of the submission: the same code always meets the same cases, and other code
meets others, so that answers seen in one report are worth nothing for the next push.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from autograder.errors import KitError

PUBLIC = 1234
GIVEN = "byhand/cases.npz"  # where the public cases lie in what students are given
SHORTEST = 16  # bytes of a secret: nobody finds it by trying


def choose(secret: Path | None, compare_public: bool = False, **others: object) -> bytes | None:
    """The secret, if there is one; of all ways to choose cases one may be given.

    Parameters
    ----------
    secret
        The file that holds it.
    compare_public
        Whether the public cases are to be asked as well, which only makes sense with a secret.
    others
        Other options that choose the cases, by name; None where one is not given.

    Raises
    ------
    KitError
        Two are given, or the secret is none, or there is none to compare with.
    """
    if compare_public and not secret:
        raise KitError("--compare-public compares with the cases of a --secret: give one")
    given = [name for name, value in {**others, "secret": secret}.items() if value is not None]
    if len(given) > 1:
        raise KitError(f"--{given[0]} and --{given[1]} both choose the cases: give one of them")
    return read_secret(secret) if secret else None


def read_secret(file: Path) -> bytes:
    """The secret in a file, without the white space around it.

    Raises
    ------
    KitError
        There is none, or it could be guessed.
    """
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise KitError(f"the secret in {file} cannot be read: {error.strerror}") from error
    if len(secret) < SHORTEST:
        raise KitError(
            f"the secret in {file} is shorter than {SHORTEST} characters. Make one with:\n"
            "  python -c 'import secrets; print(secrets.token_hex())' > FILE"
        )
    return secret


def private(secret: bytes, digest: str) -> int:
    """The seed for a submission: HMAC-SHA256 of its content, 32 bits of it.

    Parameters
    ----------
    digest
        Of the submission's files, as the intake gives it.
    """
    code = hmac.new(secret, digest.encode(), hashlib.sha256).digest()
    return int.from_bytes(code[:4], "big")
