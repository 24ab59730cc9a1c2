"""Write the output of verbs: the one place that touches files named on a command line.

A regular file is replaced whole or not at all and keeps its mode; a symbolic link stays and its target is written; a
character device, a pipe, a file that is open already (`/dev/stdout`, `/dev/fd/3`) or one with a second name is written
into, never renamed onto; everything else raises an error with a message.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from phaseplan.errors import Infrastructure, InputFault

#: The machine is at fault, not the name that was given.
_SYSTEM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE)
#: The folder refuses a rename onto the file (a mounted file, a folder without write permission); the file may not.
_IN_PLACE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV)
#: Files of this process that are open; opened again, they would begin at their start, and a pipe cannot be.
_OPEN = re.compile(r"/(?:dev|proc/self)/fd/([0-9]+)")


def write(path: Path, content: str | bytes, *, create: bool = False, sources: Iterable[Path] = ()) -> None:
    """Write `content` to `path`; `-` is standard output.

    :param create: the file must not exist yet.
    :param sources: what the content was made from, and must not replace.
    :raises InputFault: the name cannot be written: no such folder, a folder, a block device, a pipe without a reader.
    :raises Infrastructure: the disk is full, read-only or broken.
    """
    data = content.encode() if isinstance(content, str) else content
    if str(path) == "-":
        sys.stdout.write(data.decode())
        return
    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise InputFault(f"{path} is {source} itself, which this was made from; name another file")
    try:
        if create:
            _create(path, data)
        else:
            _write(path, data)
    except FileExistsError:
        raise InputFault(f"{path} exists; name another file, or replace it with --force") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: Python 3.11 says a circle of symbolic links so
        raise _fault(path, error) from None


def _create(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _into(handle, data)
    except OSError:
        path.unlink(missing_ok=True)  # an incomplete file would look complete, and block the next try
        raise


def _write(path: Path, data: bytes) -> None:
    if (number := _open_already(path)) is not None:
        sys.stdout.flush()
        _into(os.dup(number), data)
        return
    target = path.resolve()  # the link itself stays
    status = target.stat() if target.exists() else None
    if status is not None and not stat.S_ISREG(status.st_mode):
        if not (stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
            raise InputFault(f"{path} is {_kind(status.st_mode)}; name a file")
        _into(os.open(path, os.O_WRONLY | os.O_NONBLOCK), data)
        return
    try:
        if status is not None and status.st_nlink > 1:
            raise OSError(errno.EXDEV, "its other names would keep what it held")
        _replace(target, data, status)
    except OSError as error:
        if status is None or error.errno not in _IN_PLACE:
            raise
        _into(os.open(target, os.O_WRONLY | os.O_TRUNC), data)


def _open_already(path: Path) -> int | None:
    """Follow symbolic links to a file that this process has open; return its number, or None."""
    for _ in range(40):
        if (match := _OPEN.fullmatch(str(path))) is not None:
            return int(match[1])
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def _replace(target: Path, data: bytes, status: os.stat_result | None) -> None:
    """Replace a file completely or not at all: no reader sees an incomplete file."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    fresh = Path(name)
    try:
        _into(handle, data)
        fresh.chmod(stat.S_IMODE(status.st_mode) if status else 0o666 & ~_umask())
        if status is not None:
            with suppress(PermissionError):
                os.chown(fresh, status.st_uid, status.st_gid)
        fresh.replace(target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def _into(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        os.set_blocking(handle, True)  # a pipe was only opened without waiting for a reader
        file.write(data)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFBLK: "a block device", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "no regular file")


def _fault(path: Path, error: OSError | RuntimeError) -> InputFault | Infrastructure:
    number = error.errno if isinstance(error, OSError) else errno.ELOOP
    reason = (error.strerror if isinstance(error, OSError) else None) or "its symbolic links run in a circle"
    if number in _SYSTEM:
        return Infrastructure(f"cannot write {path}: {reason}; free some space or name another disk, then repeat")
    if number == errno.ENXIO:
        return InputFault(f"cannot write {path}: it is a pipe that nobody reads")
    return InputFault(f"cannot write {path}: {reason}; name a file in a folder that exists and may be written")
