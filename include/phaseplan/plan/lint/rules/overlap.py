"""Who owns what: two branches that run at the same time and may change the same path collide sooner or later."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import Branch, Risk
from phaseplan.plan.patterns.overlap import common_path


def owned_once(view: View) -> Iterator[Finding]:
    """PP503: one finding for each pair of branches, at the later one's pattern."""
    for i in range(len(view.plan.waves)):
        for first, second, mine, example in overlaps(view, i):
            j, branch = second
            path: Path = ("waves", i, "branches", j, "owns", branch.owns.index(mine))
            said = f"{branch.id} and {first.id} both own {example}, and neither waits for the other"
            yield Finding("PP503", path, said, _advice(first.owns, mine))


def honest_risk(view: View) -> Iterator[Finding]:
    """PP504."""
    for i, wave in enumerate(view.plan.waves):
        if wave.conflict_risk is None:
            continue
        risk, why = computed_risk(view, i)
        if risk != wave.conflict_risk:
            said = f"conflict_risk says {wave.conflict_risk}, the paths say {risk}: {why}"
            yield Finding("PP504", ("waves", i, "conflict_risk"), said)


def computed_risk(view: View, index: int) -> tuple[Risk, str]:
    """high: paths overlap undeclared; medium: the wave shares declared files; low: neither."""
    overlap = next(overlaps(view, index), None)
    if overlap is not None:
        return "high", f"{overlap[0].id} and {overlap[1][1].id} both own {overlap[3]}"
    ids = {branch.id for branch in view.plan.waves[index].branches}
    for entry in view.plan.shared_files:
        sharers = ids & {entry.owner, *entry.branches}
        if len(sharers) > 1:
            return "medium", f"{len(sharers)} branches share {entry.path}"
    return "low", "no two branches share a path"


def overlaps(view: View, index: int) -> Iterator[tuple[Branch, tuple[int, Branch], str, str]]:
    """Pairs of one wave that may collide: earlier branch, later branch with its index, its pattern, an example."""
    for (_, first), (j, second) in combinations(enumerate(view.plan.waves[index].branches), 2):
        met = next(common(view, first, second), None)
        if met is not None and not view.ordered(first.id, second.id):
            yield first, (j, second), *met


def _advice(theirs: tuple[str, ...], mine: str) -> str:
    """A hint; the usual surprise of gitignore syntax is that `docs/` is every docs folder."""
    loose = next((p for p in (mine, *theirs) if "/" not in p.rstrip("/")), None)
    if loose is not None:
        return f"`{loose}` matches at any depth; `/{loose}` only at the root"
    return "narrow the patterns, declare the file in shared_files, or add a dependency"


def common(view: View, first: Branch, second: Branch) -> Iterator[tuple[str, str]]:
    """Patterns of the second that meet one of the first, each with a path both own and nobody declared."""
    for theirs in first.owns:
        for mine in second.owns:
            path = common_path(theirs, mine)
            if path is not None and not _declared(view, first, second, path):
                yield mine, path


def _declared(view: View, first: Branch, second: Branch, path: str) -> bool:
    """Whether the plan says what happens at `path`: shared, generated, or excluded by a later `!pattern`."""
    from phaseplan.plan.patterns.gitignore import matches  # pathspec is only needed once two patterns meet

    shared = any(path == entry.path and {first.id, second.id} <= {entry.owner, *entry.branches}
                 for entry in view.plan.shared_files)  # fmt: skip
    if shared or matches(view.plan.generated, path):
        return True
    return not (matches(first.owns, path) and matches(second.owns, path))
