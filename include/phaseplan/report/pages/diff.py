"""Read the diff of an attempt, as much of it as a page can hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import output

LIMIT = 1 << 20  # bytes of a diff that are shown
Kind = Literal["add", "del", "hunk", "same", "note"]
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_HEAD = re.compile(r"diff --git (.*)")


@dataclass
class FileDiff:
    """Hold one file's diff: its name as git writes it, and its lines, each of one kind."""

    name: str
    lines: list[tuple[Kind, str]] = field(default_factory=list)

    @property
    def added(self) -> int:
        """Count the added lines."""
        return sum(kind == "add" for kind, _ in self.lines)

    @property
    def removed(self) -> int:
        """Count the removed lines."""
        return sum(kind == "del" for kind, _ in self.lines)


@dataclass(frozen=True)
class Diff:
    """Hold what one commit adds to another. `cut`: there is more than is shown."""

    files: tuple[FileDiff, ...]
    cut: bool = False


def diff_of(repo: GitRepo, base: str, head: str, limit: int = LIMIT) -> Diff:
    """Read the diff between two commits, at most `limit` bytes of it; git is ended when enough is read."""
    args = (
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "-U3",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "-M",
        base,
        head,
        "--",
    )
    with output(repo, *args) as stream:
        data = stream.read(limit + 1)
    cut = len(data) > limit
    lines = data[:limit].decode("utf-8", "replace").split("\n")
    return Diff(_files(lines[:-1]), cut)


def _files(lines: Sequence[str]) -> tuple[FileDiff, ...]:
    file_diffs: list[FileDiff] = []
    remaining = [0, 0]  # lines of the hunk that are still to come, old and new: a text that looks like a header is none
    for line in lines:
        if not any(remaining) and (match := _HEAD.match(line)):
            file_diffs.append(FileDiff(_name(match[1])))
        elif file_diffs:
            _line(file_diffs[-1], line, remaining)
    return tuple(file_diffs)


def _line(into: FileDiff, line: str, remaining: list[int]) -> None:
    if any(remaining):
        kind: Kind = "add" if line.startswith("+") else "del" if line.startswith("-") else "same"
        if line.startswith("\\"):
            kind = "note"
        remaining[0] -= kind in ("del", "same")
        remaining[1] -= kind in ("add", "same")
        into.lines.append((kind, line if kind == "note" else line[1:]))
    elif match := _HUNK.match(line):
        remaining[:] = [1 if number is None else int(number) for number in match.groups()]
        into.lines.append(("hunk", line))
    elif line.startswith("+++ ") and line != "+++ /dev/null":
        into.name = _unprefixed(line[4:])
    elif not line.startswith(("--- ", "+++ ", "index ", "similarity ")):
        into.lines.append(("note", line))


def _name(both: str) -> str:
    """Return the name in `a/x b/x` without its prefixes; a later line of the diff replaces it."""
    half = both[: len(both) // 2].strip()
    return _unprefixed(half)


def _unprefixed(name: str) -> str:
    name = name.rstrip("\t")
    inner = name[1:-1] if name.startswith('"') and name.endswith('"') else name
    return inner[2:] if inner[:2] in ("a/", "b/") else inner
