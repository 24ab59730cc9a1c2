"""Run generate commands again after a merge, and prove that they made the files that were in conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phaseplan.gates.workbench import GateFailed, Workbench
from phaseplan.ledger.records import Finding
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import commit_with, shown
from phaseplan.repository.merge_tree import Sides
from phaseplan.repository.objects import GONE, NEUTRAL, entries, tree_of
from phaseplan.repository.objects import commit as child
from phaseplan.repository.repo import GitRepo


def remakable(plan: PhasePlan) -> tuple[str, ...]:
    """List patterns of generated paths that a command makes again; a path without one conflicts like any other."""
    return tuple(path for entry in plan.generated_files if entry.command.strip() for path in entry.paths)


def commands_of(plan: PhasePlan) -> list[str]:
    """List the commands that make generated files."""
    return list(dict.fromkeys(entry.command for entry in plan.generated_files if entry.command.strip()))


def remade(repo: GitRepo, plan: PhasePlan, commit: str, sides: Sides, bench: Workbench) -> str:
    """Return the commit with everything that the plan calls generated made again.

    A path in conflict holds one whole side. Whether the command made it again is seen by running it a second time on
    the other side: what it makes does not depend on what it finds, or what differs is neither side's, and differs
    between two runs on one side too.

    :param sides: paths that were in conflict.
    :raises GateFailed: a command failed, or did not make a path in conflict again; the findings name it.
    """
    commands = commands_of(plan)
    if not commands:
        return commit
    made = bench.regenerate(repo, commit, commands, plan.generated)
    other = commit_with(repo, commit, [(*entry, path) for path, entry in sides.items()], "The other side")
    if other == commit:
        return made
    again = bench.regenerate(repo, other, commands, plan.generated)
    runs = (_Run.of(repo, commit, made), _Run.of(repo, other, again))
    differ = [path for path in sides if runs[0].after.get(path, GONE) != runs[1].after.get(path, GONE)]
    left = [path for path in differ if _depends(repo, path, *runs)]
    if differ and not left:
        left = _again(repo, plan, bench, (commit, other), differ, runs)
    if left:
        raise GateFailed([_finding(plan, path) for path in left])
    return made


@dataclass(frozen=True)
class _Run:
    """Hold what a command found and what it left, by path."""

    before: Mapping[str, tuple[str, str]]
    after: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, repo: GitRepo, before: str, after: str) -> _Run:
        return cls(entries(repo, before), entries(repo, after))


def _depends(repo: GitRepo, path: str, one: _Run, two: _Run) -> bool:
    """Say whether what a command left of a path depends on what it found there."""
    first, second = one.after.get(path, GONE), two.after.get(path, GONE)
    if GONE in (first, second) or first[0] != second[0]:
        return True
    return _kept(repo, path, one, second) or _kept(repo, path, two, first)


def _again(
    repo: GitRepo, plan: PhasePlan, bench: Workbench, sides: tuple[str, str], paths: Sequence[str], runs: Sequence[_Run]
) -> list[str]:
    """Find paths in which something comes from a side, each line put into another form, whatever else is chance.

    A line that one side gives twice, and the run on the other side between the two does not, is no chance: a date or a
    commit's id that two runs have the run between them has too. So the sides take turns, the second only if needed.
    """
    states = [run.after for run in runs]
    found: list[str] = []
    for turn, side in enumerate(sides):
        same = child(repo, tree_of(repo, side), [side], "The same side once more\n", turn)  # with another id
        states.append(entries(repo, bench.regenerate(repo, same, commands_of(plan), plan.generated)))
        found = [path for path in paths if _from_side(repo, *(state.get(path, GONE) for state in states[turn:]))]
        if found:
            break
    return found


def _from_side(repo: GitRepo, first: tuple[str, str], between: tuple[str, str], again: tuple[str, str]) -> bool:
    """Say whether two runs on one side agree in what the run on the other side, between them, does not have."""
    if first == again:
        return first != between
    return bool((_lines(repo, first) & _lines(repo, again)) - _lines(repo, between))


def _kept(repo: GitRepo, path: str, run: _Run, other: tuple[str, str]) -> bool:
    """Say whether a line that only this run left was there before it: a date that the command writes was not."""
    only = _lines(repo, run.after.get(path, GONE)) - _lines(repo, other)
    return bool(only & _lines(repo, run.before.get(path, GONE)))


def _lines(repo: GitRepo, entry: tuple[str, str]) -> Counter[str]:
    if entry == GONE:
        return Counter()
    return Counter(repo.run("cat-file", "blob", entry[1], env=NEUTRAL).out.split("\n"))


def _finding(plan: PhasePlan, path: str) -> Finding:
    made = next((e.command for e in plan.generated_files if e.command.strip() and matches(e.paths, path)), "no command")
    said = (
        f"two branches changed this generated file differently, and `{made}` did not make it again: what it leaves "
        "depends on whose version it finds. Make the command write the file from its sources, or take the path out of "
        "generated_files"
    )
    return Finding(gate="generated", file=shown(path), message=said)
