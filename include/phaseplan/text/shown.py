"""Show other people's text in a log so that no control character acts and no line looks like one of ours."""

from __future__ import annotations

import unicodedata

GUTTER = "| "  # begins every line that somebody else wrote


def plain(text: str) -> str:
    """The text with control, formatting and direction characters written out; newlines and tabs stay."""
    return text if text.isprintable() else "".join(map(_plain, text))


def _plain(character: str) -> str:
    if character.isprintable() or character in "\n\t" or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """One line of somebody else's output, as a task's log shows it."""
    return GUTTER + plain(text).replace("\n", "\\n")


def told(text: str) -> str:
    """Somebody else's words inside ours: what they wrote from their second line on stands behind the gutter."""
    first, *more = plain(text).split("\n")
    return "\n".join([first, *(line if line.startswith(GUTTER) else GUTTER + line for line in more)])
