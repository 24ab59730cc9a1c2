"""Find names that differ in case, or in how a letter is composed: on some disks and in some tools they are one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.paths import files, patterns
from phaseplan.plan.lint.rules.view import View

_HINT = "write it the same way, or make the names differ in more"
_WILD = set("*?[")


def git_names_apart(view: View) -> Iterator[Finding]:
    """PP310: report git names, ids and folders of refs that differ in case only."""
    taken = (view.plan.base_name, f"integration/phase-{view.plan.phase}")
    yield from _alike("PP310", (((*path, "branch"), branch.branch) for path, branch in view.places), taken)
    yield from _alike("PP310", (((*path, "id"), branch.id) for path, branch in view.places))


def paths_apart(view: View) -> Iterator[Finding]:
    """PP510: report whole patterns, and folders written out in them, that differ in case only."""
    everything = [*patterns(view), *files(view)]
    yield from _alike("PP510", ((path, text.removeprefix("!").strip("/")) for path, text in everything))


def _alike(code: str, names: Iterator[tuple[Path, str]], taken: Sequence[str] = ()) -> Iterator[Finding]:
    """Report each name once of which a part was spelled differently before."""
    spelled = {_folded(name): name for name in taken}
    for path, name in names:
        for part in _prefixes(name):
            first = spelled.setdefault(_folded(part), part)
            if first != part:
                message = f"{part} and {first} differ in case only: to some disks they are one"
                yield Finding(code, path, message, _HINT)
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
