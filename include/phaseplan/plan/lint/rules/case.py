"""Names that differ in case, or in how a letter is composed: on some disks, and in some tools, they are one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules import paths
from phaseplan.plan.lint.rules.view import View

_HINT = "write it the same way, or make the names differ in more"
_WILD = set("*?[")


def git_names_apart(view: View) -> Iterator[Finding]:
    """PP310: branches and ids, and the folders of their refs."""
    known = (view.plan.base_name, f"integration/phase-{view.plan.phase}")
    yield from _alike("PP310", (((*path, "branch"), branch.branch) for path, branch in view.places), known)
    yield from _alike("PP310", (((*path, "id"), branch.id) for path, branch in view.places))


def paths_apart(view: View) -> Iterator[Finding]:
    """PP510: whole patterns, and the folders in them that are written out."""
    everything = [*paths.patterns(view), *paths.files(view)]
    yield from _alike("PP510", ((path, text.removeprefix("!").strip("/")) for path, text in everything))


def _alike(code: str, names: Iterator[tuple[Path, str]], known: Sequence[str] = ()) -> Iterator[Finding]:
    """Each name one part of which has been spelled differently before, once."""
    spelled = {_folded(name): name for name in known}
    for path, name in names:
        for part in _prefixes(name):
            first = spelled.setdefault(_folded(part), part)
            if first != part:
                said = f"{part} and {first} differ in case only: to some disks they are one"
                yield Finding(code, path, said, _HINT)
                break


def _prefixes(name: str) -> Iterator[str]:
    """List `a`, `a/b` and `a/b/c` of `a/b/c`; a part with a wildcard is compared as part of the whole only."""
    parts = name.split("/")
    for i, part in enumerate(parts[:-1]):
        if _WILD & set(part):
            break
        yield "/".join(parts[: i + 1])
    yield name


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
