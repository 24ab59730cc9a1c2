"""Describe what only a person can decide: where to split a branch, how to start, how many agents."""

from __future__ import annotations

import math
from collections.abc import Sequence

from phaseplan.forecast.improving.proposal import Draft, Proposal, faster, makespan
from phaseplan.forecast.simulation.crew import enough
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.spans import Span, text

_WORTH = 0.01


def split(draft: Draft) -> list[Proposal]:
    """Propose to split each branch over the budget of lines into as many parts as fit."""
    limit = draft.plan.gates.max_lines
    return [] if limit is None else [_split(draft.plan, b, limit) for b in draft.plan if b.lines > limit]


def start(draft: Draft) -> list[Proposal]:
    """Propose `start: dependencies` if it ends the phase sooner than waiting for whole waves."""
    plan = draft.plan
    waves, free = makespan(plan, "wave"), makespan(plan, "dependencies")
    if plan.start != "wave" or free > waves * (1 - _WORTH):
        return []
    why = ("a branch then starts as soon as what it needs has passed; waves are merged and gated as before",
           "try it on one run: `phaseplan run PLAN --set start=dependencies`")  # fmt: skip
    return [Proposal("start", "start by dependencies", why, faster(waves, free), snippet="start: dependencies\n")]


def agents(draft: Draft) -> list[Proposal]:
    """Propose another number of agents if it is as good, or better."""
    plan, work = draft.plan, gather([draft.plan])
    found, now = enough(work, connect(work)), plan.max_parallel_agents
    if found.agents == now:
        return []
    if found.agents < now:
        if makespan(plan) > found.makespan * (1 + 1e-9):
            return []
        gain = f"ends after {text(found.makespan)} with {found.agents} agents as with {now}"
        why = (f"more than {found.agents} never shorten it",)
    else:
        gain = faster(makespan(plan), found.makespan)
        why = ("if the machines can take them; one more gains nothing",)
    return [Proposal("agents", f"let {found.agents} agents work at once, not {now}", why, gain,
                     snippet=f"max_parallel_agents: {found.agents}\n")]  # fmt: skip


def _split(plan: PhasePlan, branch: Branch, limit: int) -> Proposal:
    count = math.ceil(branch.lines / limit)
    apart = len(branch.owns) >= count
    made = _parts(branch, count, apart, plan)
    after = _replaced(plan, branch, made)
    how = "side by side, each with its own paths"
    if not apart:
        how = "one behind the other, for with one path they would collide; paths of their own let them run side by side"
    why = (f"{branch.lines} lines are planned, the budget is {limit}; its gate would fail", how,
           "where exactly to cut is yours to decide; whoever depends on it then depends on all parts")  # fmt: skip
    title = f"split {branch.id} {branch.title} into {count}"
    return Proposal("split", title, why, faster(makespan(plan), makespan(after)), snippet=_yaml(made))


def _parts(branch: Branch, count: int, apart: bool, plan: PhasePlan) -> list[Branch]:
    """Make parts of about the same size, called 5.1.1a, 5.1.1b and so on."""
    out: list[Branch] = []
    span = branch.duration or next(w.duration for w in plan.waves if branch in w.branches)
    for k in range(count):
        letter = chr(ord("a") + k) if count <= 26 else f"-{k + 1}"
        own = branch.owns[k * len(branch.owns) // count : (k + 1) * len(branch.owns) // count] if apart else branch.owns
        needs = branch.depends_on if apart or not out else (out[-1].id,)
        lines = branch.lines * (k + 1) // count - branch.lines * k // count
        share = None if span is None else Span(low=span.low // count, high=span.high // count)
        out.append(branch.model_copy(update={
            "id": f"{branch.id}{letter}", "branch": f"{branch.branch}-part-{k + 1}", "lines": lines,
            "title": f"{branch.title}, part {k + 1} of {count}", "owns": own, "depends_on": needs, "duration": share,
        }))  # fmt: skip
    return out


def _replaced(plan: PhasePlan, branch: Branch, made: Sequence[Branch]) -> PhasePlan:
    """Return the plan with the parts in the branch's place."""
    ids = tuple(part.id for part in made)

    def needs(other: Branch) -> Branch:
        wanted = tuple(i for d in other.depends_on for i in (ids if d == branch.id else (d,)))
        return other if wanted == other.depends_on else other.model_copy(update={"depends_on": wanted})

    waves = []
    for wave in plan.waves:
        branches = tuple(p for b in wave.branches for p in (made if b.id == branch.id else (needs(b),)))
        waves.append(wave.model_copy(update={"branches": branches}))
    shared = tuple(
        entry.model_copy(update={
            "owner": ids[0] if entry.owner == branch.id else entry.owner,
            "branches": tuple(i for b in entry.branches for i in (ids if b == branch.id else (b,))),
        })
        for entry in plan.shared_files
    )  # fmt: skip
    return plan.with_(waves=tuple(waves), shared_files=shared)


def _yaml(made: Sequence[Branch]) -> str:
    """Write the parts as plans write branches."""
    import yaml

    entries = []
    for part in made:
        entry = part.model_dump(mode="json", include={"id", "branch", "title", "lines", "depends_on", "owns"})
        if part.duration is not None:
            entry["duration"] = text(part.duration.low)
            if part.duration.high > part.duration.low:
                entry["duration"] += f"-{text(part.duration.high)}"
        entries.append({key: value for key, value in entry.items() if value})
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=100)
