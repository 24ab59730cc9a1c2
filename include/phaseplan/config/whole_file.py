"""Write files of our own state completely or not at all. `cli.output` writes files that a user names."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from phaseplan.errors import InputFault


def write_whole(path: Path, data: str | bytes, *, mode: int = 0o600) -> None:
    """Replace a file so that no reader ever sees half of it, and no other user reads it.

    :param mode: permissions of the file from its first byte on; they are the owner's alone unless said otherwise.
    :raises InputFault: something that is no file has the name; a rename would remove a device or a pipe.
    :raises OSError: the folder is not there, or its disk is full; the file is as it was.
    """
    if path.exists() and not path.is_file():
        raise InputFault(f"{path} is no file, and is left as it is; name another one")
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        fresh.chmod(mode)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
