"""Say why git would not take a name for a branch, tag or base."""

from __future__ import annotations

import re

#: What git allows nowhere in a name, as the inside of a character class.
FORBIDDEN = r"\x00-\x20\x7f~^:?*\[\\"
_FORBIDDEN = re.compile(f"[{FORBIDDEN}]")
_LONGEST = 200  # bytes; git stores a ref as a file, and locks it under a longer name


def fault(name: str) -> str | None:
    """Say why git would not take `name` for a branch; None: it would."""
    if (bad := _FORBIDDEN.search(name)) is not None:
        return f"contains {bad[0]!r}"
    for text in ("..", "@{", "//"):
        if text in name:
            return f"contains `{text}`"
    if name in ("", "@", "HEAD"):
        return "is not a name"
    if name.startswith(("-", "/")) or name.endswith(("/", ".")):
        return f"{'begins' if name[0] in '-/' else 'ends'} with `{name[0] if name[0] in '-/' else name[-1]}`"
    if any(part.startswith(".") or part.endswith(".lock") for part in name.split("/")):
        return "has a part that begins with `.` or ends in `.lock`"
    return f"is longer than {_LONGEST} bytes" if len(name.encode()) > _LONGEST else None
