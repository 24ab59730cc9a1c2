"""Find paths that two branches own which run at the same time: changes to one path may collide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import Branch, Risk
from phaseplan.plan.patterns.overlap import common_path


def owned_once(view: View) -> Iterator[Finding]:
    """PP503: report each pair of branches that own one path, at the later one's pattern."""
    for i in range(len(view.plan.waves)):
        for first, second, pattern, example in overlaps(view, i):
            j, branch = second
            path: Path = ("waves", i, "branches", j, "owns", branch.owns.index(pattern))
            message = f"{branch.id} and {first.id} both own {example}, and neither waits for the other"
            yield Finding("PP503", path, message, _advice(first.owns, pattern))


def honest_risk(view: View) -> Iterator[Finding]:
    """PP504: report a `conflict_risk` that differs from the computed one."""
    for i, wave in enumerate(view.plan.waves):
        if wave.conflict_risk is None:
            continue
        risk, why = computed_risk(view, i)
        if risk != wave.conflict_risk:
            message = f"conflict_risk says {wave.conflict_risk}, the paths say {risk}: {why}"
            yield Finding("PP504", ("waves", i, "conflict_risk"), message)


def computed_risk(view: View, index: int) -> tuple[Risk, str]:
    """Compute the risk; high: paths overlap undeclared, medium: the wave shares declared files, low: neither."""
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
    """List pairs of one wave that may collide: earlier branch, later branch with its index, its pattern, an example."""
    for (_, first), (j, second) in combinations(enumerate(view.plan.waves[index].branches), 2):
        collision = next(common(view, first, second), None)
        if collision is not None and not view.ordered(first.id, second.id):
            yield first, (j, second), *collision


def _advice(other_pattern: tuple[str, ...], pattern: str) -> str:
    """Write a hint; the usual surprise of gitignore syntax is that `docs/` is every docs folder."""
    loose = next((p for p in (pattern, *other_pattern) if "/" not in p.rstrip("/")), None)
    if loose is not None:
        return f"`{loose}` matches at any depth; `/{loose}` only at the root"
    return "narrow the patterns, declare the file in shared_files, or add a dependency"


def common(view: View, first: Branch, second: Branch) -> Iterator[tuple[str, str]]:
    """List patterns of the second branch that meet one of the first, each with an undeclared path that both own."""
    for other_pattern in first.owns:
        for pattern in second.owns:
            path = common_path(other_pattern, pattern)
            if path is not None and not _declared(view, first, second, path):
                yield pattern, path


def _declared(view: View, first: Branch, second: Branch, path: str) -> bool:
    """Say whether the plan covers `path`: shared, generated, or excluded by a later `!pattern`."""
    from phaseplan.plan.patterns.gitignore import matches  # pathspec is only needed once two patterns meet

    shared = any(path == entry.path and {first.id, second.id} <= {entry.owner, *entry.branches}
                 for entry in view.plan.shared_files)  # fmt: skip
    if shared or matches(view.plan.generated, path):
        return True
    return not (matches(first.owns, path) and matches(second.owns, path))
