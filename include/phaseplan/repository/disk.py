"""Explain a full or unwritable disk: which disk it is, and what to do. Such an error is never the plan's fault."""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from phaseplan.errors import Infrastructure
from phaseplan.text.cutting import cut

_NEXT = {
    errno.ENOSPC: "no space left on this machine's disk: free some",
    errno.EDQUOT: "this user's disk quota is used up: free some space, or raise it",
    errno.EROFS: "this machine's disk cannot be written to (read-only): repair or remount it",
    errno.EMFILE: "this process has too many open files: raise its limit (ulimit -n)",
    errno.ENFILE: "this machine has too many open files: raise its limit (fs.file-max)",
    errno.EFBIG: "a file became larger than this machine allows (ulimit -f): raise the limit",
    errno.EIO: "this machine's disk fails (input/output error): look at it",
}
#: What git says of the same, in the C locale.
_SAID = {
    "no space left on device": errno.ENOSPC,
    "out of diskspace": errno.ENOSPC,  # where a write took nothing and there was no error to report
    "database or disk is full": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "read-only file system": errno.EROFS,
    "too many open files in system": errno.ENFILE,
    "too many open files": errno.EMFILE,
    "file too large": errno.EFBIG,
    "input/output error": errno.EIO,
}
_THEIRS = re.compile(r"^remote: ", re.MULTILINE)  # begins what a target repository's own git says


class DiskFull(Infrastructure):
    """No space left where the engine keeps its data, on the worker, or where the target repository is."""


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an error of the disk into Infrastructure; any other error of the system passes through."""
    try:
        yield
    except OSError as error:
        if (full := of_error(error)) is not None:
            raise full from error
        raise


def of_error(error: BaseException) -> DiskFull | None:
    """Return DiskFull if an exception is about a disk, else None."""
    if isinstance(error, OSError) and error.errno in _NEXT:
        where = f" ({error.filename})" if error.filename else ""
        return DiskFull(f"{_NEXT[error.errno]}{where}")
    if isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error):
        return DiskFull(f"{_NEXT[errno.ENOSPC]} ({error})")
    return None


def of_git(output: str, where: str) -> DiskFull | None:
    """Return DiskFull if the output of a failed git is about a disk, else None.

    :param where: the repository it worked in.
    """
    for line in output.splitlines():
        number = next((n for phrase, n in _SAID.items() if phrase in line.lower()), None)
        if number is None:
            continue
        if _THEIRS.match(line):
            message = "the disk of the target repository has no space left, or cannot be written to: free some there"
            return DiskFull(f"{message} ({cut(line.removeprefix('remote: ').strip(), 500)})")
        return DiskFull(f"{_NEXT[number]} ({where}: {cut(line.strip(), 500)})")
    return None
