"""Sort the refs of one phase, and name the objects behind them that its reader needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from phaseplan.ledger import refs

_NUMBERED = re.compile(r"(started|attempts|results)/([^/]+)/([1-9][0-9]{0,8})(?:\.([1-9][0-9]{0,8}))?")


@dataclass(frozen=True)
class PhaseRefs:
    """Hold the refs of a phase by what they are, each with its commit.

    :param results: by `<branch>/<attempt>.<gating>`.
    :param started: by branch and attempt.
    :param attempts: by branch, then by attempt.
    :param pauses: by ref.
    """

    tip: str | None = None  # of the ledger
    delivery: str | None = None
    results: dict[str, str] = field(default_factory=dict)
    started: dict[tuple[str, int], str] = field(default_factory=dict)
    attempts: dict[str, dict[int, str]] = field(default_factory=dict)
    pauses: dict[str, str] = field(default_factory=dict)

    def files(self, *, logs: bool) -> list[str]:
        """Name the contents that a reader needs, each by its commit.

        :param logs: also the status and blocker lines.
        """
        lines = ("status.log", "blockers.log") if logs else ()
        names = [f"{self.tip}:{name}" for name in ("ledger.json", "plan.json", *lines, "folded")] if self.tip else []
        names += [f"{sha}:{name}" for sha in self.results.values() for name in ("verdict.json", *lines)]
        names += [*self.started.values(), *map(pause_of, self.pauses.values())]
        return [*names, f"{self.delivery}:delivery.json"] if self.delivery else names


def sorted_refs(phase: int, own: Mapping[str, str]) -> PhaseRefs:
    """Sort the refs under a phase's root."""
    found = PhaseRefs(own.get(refs.ledger(phase)), own.get(refs.delivery(phase)))
    root, paused = len(refs.root(phase)) + 1, refs.paused(phase, "")
    for ref, sha in own.items():
        if ref.startswith(paused):
            found.pauses[ref] = sha
        if (match := _NUMBERED.fullmatch(ref[root:])) is None:
            continue
        kind, branch, number, gating = match.groups()
        if kind == "results" and gating:
            found.results[f"{branch}/{number}.{gating}"] = sha
        elif kind == "started" and not gating:
            found.started[branch, int(number)] = sha
        elif kind == "attempts" and not gating:
            found.attempts.setdefault(branch, {})[int(number)] = sha
    return found


def pause_of(sha: str) -> str:
    """Name the file of a pause's commit."""
    return f"{sha}:pause.json"
