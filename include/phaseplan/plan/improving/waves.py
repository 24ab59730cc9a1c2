"""Better waves for the same dependencies: branches move to where agents are idle.

Hill climbing over plans that are as legal as the one given: a wave stays (its gate is somebody's intention), no branch
moves beside something it needs or that needs it, no path collides that did not. What counts is the simulated end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.phaseplan.plan.durations import estimates_of
from include.phaseplan.plan.improving.collisions import collisions, path_of
from include.phaseplan.plan.improving.edits import Unknown, add_key, begin, finish, move_item
from include.phaseplan.plan.improving.proposal import Draft, Proposal, faster, makespan, with_branch
from include.phaseplan.plan.model import Branch, PhasePlan, Wave
from include.phaseplan.plan.simulation.network import connect, gather
from include.phaseplan.plan.simulation.schedule import run, shared

_WORTH = 0.01  # share of the end that a change must gain
_STEPS = 3_000_000  # branch starts that the search may simulate


@dataclass(frozen=True)
class _Move:
    """One branch to one wave, by index."""

    branch: str
    source: int
    target: int


def propose(draft: Draft) -> list[Proposal]:
    """At most one proposal, of all moves that gain something together."""
    plan = draft.plan
    if plan.start != "wave" or len(plan.waves) < 2:
        return []
    moves = _search(plan)
    after: Draft | None = draft
    for move in moves:
        after = _moved(after, move) if after is not None else None
    if not moves or after is None:
        return []
    names = [w.wave for w in plan.waves]
    why = [f"{m.branch} from wave {names[m.source]} to wave {names[m.target]}; its id and git name stay" for m in moves]
    title = "move a branch" if len(moves) == 1 else f"move {len(moves)} branches"
    return [Proposal("waves", f"{title} to where agents are idle", tuple(why),
                     faster(makespan(plan), makespan(after.plan)), after)]  # fmt: skip


def _search(plan: PhasePlan) -> list[_Move]:
    """Moves that end the phase sooner, in order."""
    moves: list[_Move] = []
    count = len(plan.place)
    budget = max(1, _STEPS // count) if count else 0
    best = _end(plan)
    while True:
        step: list[_Move] = []
        for chain in _chains(plan):
            changed = plan
            some: list[_Move] = []
            for options in chain:
                legal = [m for m in options if _legal(changed, m)]
                ends = [(_end(_shifted(changed, m)), m) for m in legal]
                budget -= len(ends)
                if budget < 0:
                    return moves
                if not ends:
                    break
                end, move = min(ends, key=lambda e: e[0])
                changed, some = _shifted(changed, move), [*some, move]
                if end < best * (1 - _WORTH) and len(collisions(changed)) <= len(collisions(plan)):
                    best, step, found = end, some, changed
        if not step:
            return moves
        moves, plan = [*moves, *step], found


def _chains(plan: PhasePlan) -> Iterator[list[list[_Move]]]:
    """What to try: each wave's branches, the longest first, one after the other moved out of it."""
    cost = {branch_id: estimate.mean for branch_id, estimate in estimates_of(plan).items()}
    for index, wave in enumerate(plan.waves):
        ordered = sorted(wave.branches, key=lambda b: -cost[b.id])
        chain = [[_Move(b.id, index, t) for t in range(len(plan.waves)) if t != index] for b in ordered]
        movable = [options for options in chain if any(_legal(plan, m) for m in options)]
        yield from ([options] for options in movable)
        if len(movable) > 1:
            yield movable


def _legal(plan: PhasePlan, move: _Move) -> bool:
    """Whether a branch may be in another wave: behind what it needs, before its dependents, owners first."""
    if len(plan.waves[move.source].branches) < 2:
        return False
    at = {b.id: i for i, wave in enumerate(plan.waves) for b in wave.branches}
    if any(at[n] >= move.target for n in plan.by_id[move.branch].depends_on):
        return False
    if any(move.branch in b.depends_on and at[b.id] <= move.target for b in plan):
        return False
    at[move.branch] = move.target
    return all(at[s.owner] <= at[b] for s in plan.shared_files for b in s.branches)


def _shifted(plan: PhasePlan, move: _Move) -> PhasePlan:
    """The plan with a branch at the end of another wave; the time it took from its wave it now has itself."""
    old = plan.waves[move.source]
    branch = plan.by_id[move.branch]
    if branch.duration is None and old.duration is not None:
        branch = branch.model_copy(update={"duration": old.duration})
    waves = list(plan.waves)
    waves[move.source] = _with(old, [b for b in old.branches if b.id != move.branch])
    waves[move.target] = _with(waves[move.target], [*waves[move.target].branches, branch])
    return plan.with_(waves=tuple(waves))


def _with(wave: Wave, branches: Sequence[Branch]) -> Wave:
    return wave.model_copy(update={"branches": tuple(branches)})


def _end(plan: PhasePlan) -> float:
    work = gather([plan])
    return run(work, connect(work, "wave"), shared(work, plan.max_parallel_agents)).makespan


def _moved(draft: Draft, move: _Move) -> Draft | None:
    """The draft after one move: first the time is written at the branch, then the branch is moved."""
    plan, locations = draft.plan, draft.source.locations
    path, wave = path_of(plan, move.branch), plan.waves[move.source]
    branch = plan.by_id[move.branch]
    meant = _shifted(plan, move)
    try:
        if branch.duration is None and wave.duration is not None:
            item, span = locations.tree(path), locations.tree(("waves", move.source, "duration"))
            if item is None or span is None:
                return None
            edit = add_key(draft.text, item, "duration", draft.text[begin(span) : finish(span)])
            own = branch.model_copy(update={"duration": wave.duration})
            timed = draft.changed([edit], with_branch(plan, path, own))
            return _moved(timed, move) if timed is not None else None
        item = locations.tree(path)
        siblings, target = (locations.tree(("waves", i, "branches")) for i in (move.source, move.target))
        if item is None or siblings is None or target is None:
            return None
        return draft.changed(move_item(draft.text, item, siblings, target), meant)
    except Unknown:
        return None
