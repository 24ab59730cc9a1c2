"""Check the plans of one campaign against each other: `depends_on` is what runs, the rest is checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.gitnames import version_of
from phaseplan.plan.model import PhasePlan


@dataclass(frozen=True, slots=True)
class Member:
    """One plan of the campaign; `index` says which file it came from."""

    index: int
    plan: PhasePlan


Found = Iterator[tuple[int, Finding]]


def cross_check(members: list[Member], advice: bool) -> Found:
    """Yield findings with the index of the file they are about."""
    yield from _duplicates(members)
    by_phase = {member.plan.phase: member for member in reversed(members)}
    for member in members:
        yield from _blocks(member, by_phase)
        yield from _independent(member, by_phase)
    yield from _circles(by_phase)
    if advice:
        for member in members:
            yield from _missing(member, by_phase)
            yield from _unlisted(member, by_phase)
        yield from _names_twice(members)


def _duplicates(members: list[Member]) -> Found:
    """PP801: report plans of the same phase, at each of them."""
    for member in members:
        twins = [m for m in members if m.plan.phase == member.plan.phase and m.index != member.index]
        if twins:
            message = f"phase {member.plan.phase} is also what the plan `{twins[0].plan.title}` describes"
            yield member.index, Finding("PP801", ("phase",), message, "give each phase one plan")


def _blocks(member: Member, by_phase: dict[int, Member]) -> Found:
    """PP803: report a `blocks` without the matching `depends_on`, at the plan that would run too early."""
    plan = member.plan
    for phase in plan.blocks:
        other = by_phase.get(phase)
        if other is not None and plan.phase not in other.plan.depends_on:
            message = f"phase {plan.phase} says it blocks phase {phase}, but phase {phase} does not depend on it"
            at = ("depends_on",) if "depends_on" in other.plan.model_fields_set else ("phase",)
            yield (
                other.index,
                Finding("PP803", at, message, f"add {plan.phase} to depends_on, or take {phase} out of blocks"),
            )


def _independent(member: Member, by_phase: dict[int, Member]) -> Found:
    """PP804: report `independent_from` between phases that depend on each other."""
    plan = member.plan
    for i, phase in enumerate(plan.independent_from):
        other = by_phase.get(phase)
        tie = None
        if phase in plan.depends_on or phase in plan.blocks:
            tie = "depends on" if phase in plan.depends_on else "blocks"
        elif other is not None and plan.phase in (*other.plan.depends_on, *other.plan.blocks):
            tie = "is needed by" if plan.phase in other.plan.depends_on else "is blocked by"
        if tie is not None or phase == plan.phase:
            but = f"but {tie} it" if tie else "which is itself"
            message = f"phase {plan.phase} calls itself independent of phase {phase}, {but}"
            yield member.index, Finding("PP804", ("independent_from", i), message, "one of the two is wrong")


def _circles(by_phase: dict[int, Member]) -> Found:
    """PP805: report phases that wait for each other, one circle at a time."""
    needs = {phase: set(m.plan.depends_on) & by_phase.keys() for phase, m in by_phase.items()}
    while True:
        try:
            TopologicalSorter(needs).prepare()
            return
        except CycleError as error:
            cycle: list[int] = list(reversed(error.args[1][1:]))
        start = cycle.index(min(cycle))
        cycle = cycle[start:] + cycle[:start]
        needed = cycle[1 % len(cycle)]
        needs[cycle[0]].discard(needed)
        member = by_phase[cycle[0]]
        shown = " -> ".join(map(str, [*cycle, cycle[0]]))
        at = ("depends_on", member.plan.depends_on.index(needed))
        yield member.index, Finding("PP805", at, f"phases wait for each other: {shown}", "remove one of them")


def _missing(member: Member, by_phase: dict[int, Member]) -> Found:
    """PP802: report a dependency on a phase that no plan describes."""
    for i, phase in enumerate(member.plan.depends_on):
        if phase not in by_phase:
            message = f"phase {member.plan.phase} depends on phase {phase}, which none of the given plans describes"
            yield (
                member.index,
                Finding("PP802", ("depends_on", i), message, "it waits until somebody builds that phase"),
            )


def _unlisted(member: Member, by_phase: dict[int, Member]) -> Found:
    """PP806: report a phase that is missing from `blocks`, if `blocks` is given at all."""
    plan = member.plan
    for phase in plan.depends_on:
        other = by_phase.get(phase)
        if other is not None and other.plan.blocks and plan.phase not in other.plan.blocks:
            message = f"phase {plan.phase} depends on phase {phase}, whose blocks do not list it"
            yield other.index, Finding("PP806", ("blocks",), message, f"add {plan.phase}")


def _names_twice(members: list[Member]) -> Found:
    """PP807: report a git name that two phases publish under, at the later phase."""
    owner: dict[tuple[str | None, str], PhasePlan] = {}
    for member in sorted(members, key=lambda m: -m.plan.phase):
        owner |= {(member.plan.repository, branch.branch): member.plan for branch in member.plan}
    for member in members:
        plan = member.plan
        for w, wave in enumerate(plan.waves):
            for b, branch in enumerate(wave.branches):
                other = owner[plan.repository, branch.branch]
                base = version_of(branch.branch)
                if other.phase == plan.phase and base is not None:
                    other = owner.get((plan.repository, base), plan)
                if other.phase != plan.phase:
                    message = f"{branch.branch} is also a name that phase {other.phase} publishes under"
                    at = ("waves", w, "branches", b, "branch")
                    yield member.index, Finding("PP807", at, message, "give each branch of a repository its own name")
