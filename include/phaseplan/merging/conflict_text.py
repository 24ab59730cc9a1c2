"""Show both sides of a textual conflict, its hunks labelled with branch ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from phaseplan.ledger.records import Finding
from phaseplan.merging.chain import Conflict
from phaseplan.repository.commit_paths import shown as printable
from phaseplan.repository.objects import NEUTRAL, read_objects
from phaseplan.repository.repo import GitRepo

PATHS, LINES, CHARACTERS = 20, 60, 4000  # paths of a conflict; lines of one path; characters of all paths together

_CUT = "(cut here; merge the two commits to see the rest)"


def conflict_findings(repo: GitRepo, what: str, head: str, conflict: Conflict) -> tuple[Finding, ...]:
    """Make one finding for each path (up to 20), with what both sides made of it.

    :param what: the branch id whose work is `head`, or another word for it.
    """
    message = f"{what} conflicts with {', '.join(conflict.opponents)}"
    if conflict.twins:
        return tuple(_twin(message, path, other) for path, other in list(conflict.twins.items())[:PATHS])
    shown = both_sides(repo, what, head, conflict) if conflict.tip else {}
    return tuple(
        Finding(gate="conflict", file=path, message="\n".join([message, *shown.get(path, ())]))
        for path in conflict.paths[:PATHS]
    )


def _twin(message: str, path: str, other: str) -> Finding:
    said = f"{message}: many systems take this name and {printable(other)} for one: give the file another name"
    return Finding(gate="conflict", file=printable(path), message=said)


def both_sides(repo: GitRepo, what: str, head: str, conflict: Conflict) -> dict[str, list[str]]:
    """Return conflict hunks by path; words instead, if a side has no such file or it is no text."""
    paths, others = conflict.paths[:PATHS], ", ".join(conflict.opponents)
    tree = repo.run(
        "merge-tree", "--write-tree", "-z", "--no-messages", conflict.tip, head, ok=(0, 1), env=NEUTRAL
    ).out.split("\0")[0]
    names = {(side, path): f"{side}:{path}" for path in paths for side in (tree, conflict.tip, head)}
    blobs = read_objects(repo, [name for name in names.values() if "\n" not in name])
    found, left = dict[str, list[str]](), CHARACTERS
    for path in paths:
        merged, ours, theirs = (blobs.get(names[side, path]) for side in (tree, conflict.tip, head))
        if ours is None or theirs is None:
            lines = [f"{others if ours is None else what} has no such file, {what if ours is None else others} has"]
        else:
            lines = list(_labelled(_hunks(_text(merged)), others, what)) or ["both sides changed it, and not as text"]
        found[path] = _fitting(lines, left)
        left -= sum(len(line) + 1 for line in found[path])
    return found


def _text(blob: bytes | None) -> list[str]:
    if blob is None or b"\0" in blob[:8000]:
        return []
    # A carriage return, or any other character that ends a line for Python only, is text like any other.
    return [
        "".join(c for c in line if c.isprintable() or c == "\t") for line in blob.decode("utf-8", "replace").split("\n")
    ]


def _hunks(lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for number, line in enumerate(lines, 1):
        if _OURS.match(line):
            inside = True
            yield f"line {number} of the merge:"
        if inside:
            yield line
        inside = inside and not _THEIRS.match(line)


#: git labels a marker with the commit it was given, and the path where it differs between the sides.
_OURS, _THEIRS = (re.compile(rf"{mark}{{7}} [0-9a-f]{{40,64}}(:.*)?$") for mark in "<>")


def _labelled(lines: Iterator[str], ours: str, theirs: str) -> Iterator[str]:
    for line in lines:
        if match := _OURS.match(line):
            yield f"<<<<<<< {ours}{match[1] or ''}"
        elif match := _THEIRS.match(line):
            yield f">>>>>>> {theirs}{match[1] or ''}"
        else:
            yield line


def _fitting(lines: Sequence[str], left: int) -> list[str]:
    """Return as many lines as may be shown, with a note if some are missing."""
    kept: list[str] = []
    for line in lines[:LINES]:
        if len(line) + 1 > left - len(_CUT) - 1:
            break
        kept.append(line)
        left -= len(line) + 1
    if len(kept) < len(lines) and left > len(_CUT):
        kept.append(_CUT)
    return kept
