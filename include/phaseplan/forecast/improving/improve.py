"""Collect all proposals for one plan, each made on top of those before it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence

from phaseplan.forecast.improving import edges, paths, shared, waves, words
from phaseplan.forecast.improving.proposal import KINDS, Draft, Kind, Proposal


def improve(draft: Draft, files: Sequence[str] = (), kinds: Collection[str] = KINDS) -> tuple[list[Proposal], Draft]:
    """Propose what would make a plan without errors better; return the draft with all changes that can be written.

    :param files: paths of the repository's files, where it is known.
    :param kinds: look for these alone.
    """
    steps: dict[Kind, Callable[[Draft], list[Proposal]]] = {
        "edges": edges.propose,
        "paths": lambda d: paths.propose(d, files),
        "shared": shared.propose,
        "waves": waves.propose,
        "split": words.split,
        "start": words.start,
        "agents": words.agents,
    }
    out: list[Proposal] = []
    for kind, step in steps.items():
        if kind in kinds:
            out += step(draft)
            draft = next((p.draft for p in reversed(out) if p.draft is not None), draft)
    return out, draft


def diff(before: Draft, after: Draft) -> str:
    """Write a unified diff that `git apply` and `patch` take; empty if nothing changed."""
    name = before.source.file
    a, b = name.lstrip("/"), name.lstrip("/")
    lines = difflib.unified_diff(_lines(before.text), _lines(after.text), f"a/{a}", f"b/{b}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Split text into lines as diff tools count them: only a newline ends one."""
    return [line + "\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rsplit("\n", 1)[-1]) else [])
