"""Write other people's text into Markdown so that nothing in it acts: no mark, mention, link, tag or keyword.

Forges look for names, numbers and closing words in what Markdown has made, and some in what was written: an escape or
an entity alone does not help. An invisible character after the sign that they look for does, in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from phaseplan.text.clean import clean

_NOTHING = "\u200b"  # a space without width
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+|~\"'$^=])")
#: Signs before a name or number of a forge: @user #1 !1 ~label %milestone &epic $snippet ^alert, and the - of KEY-1.
_SIGN = re.compile(r"([@#!~%&$^])(?=\S)|(?<=[A-Za-z0-9_])(-)(?=[0-9])")
_ADDRESS = re.compile(r"(?i)(://)|(?<=\bwww)(\.)|(?<=\bmailto)(:)")


def harmless(text: str, longest: int = 300) -> str:
    """Return text as one line of Markdown, also inside a table, in which nothing acts.

    :param longest: characters of the text that are kept.
    """
    line = title(text, longest).replace("&", "&amp;")
    line = _SPECIAL.sub(r"\\\1", line).replace("\\<", "&lt;").replace("\\>", "&gt;").replace(_NOTHING, "&#8203;")
    return re.sub(r"^([-+=/]|[0-9]+(?=[.)]))", "&#8203;\\1", line)


def title(text: str, longest: int = 200) -> str:
    """Return text as one plain line in which no name or number acts: a squash makes a commit message of it."""
    line = clean(" ".join(text.split()))
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    line = _SIGN.sub(lambda match: f"{match[0]}{_NOTHING}", line)
    return _ADDRESS.sub(lambda match: f"{match[0][0]}{_NOTHING}{match[0][1:]}", line)


def code(text: str, *, cell: bool = True) -> str:
    """Write a code span.

    :param cell: it stands in a table, whose cell a bar would end.
    """
    text = " ".join(text.splitlines())
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text[:1] in (" ", "`") or text[-1:] in (" ", "`") else ""
    span = f"{ticks}{pad}{text}{pad}{ticks}"
    return span.replace("|", "\\|") if cell else span


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
