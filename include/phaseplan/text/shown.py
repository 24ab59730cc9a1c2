"""Show other people's text in a log so that no control character acts and no line looks like one of ours."""

from __future__ import annotations

import unicodedata

GUTTER = "| "  # begins every line that another program or person wrote


def plain(text: str) -> str:
    """Write out control, formatting and direction characters; newlines and tabs stay."""
    return text if text.isprintable() else "".join(map(_plain, text))


def _plain(character: str) -> str:
    if character.isprintable() or character in "\n\t" or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """Format one line of another program's output for a task's log."""
    return GUTTER + plain(text).replace("\n", "\\n")


def quoted(text: str) -> str:
    """Quote another program's text inside a message of ours: every line after the first gets the gutter."""
    first, *more = plain(text).split("\n")
    return "\n".join([first, *(line if line.startswith(GUTTER) else GUTTER + line for line in more)])
