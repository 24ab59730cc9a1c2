"""Propose better waves for the same dependencies: branches move to where agents are idle.

Hill climbing over plans that are as legal as the one given: a wave stays (its gate is its author's intention), no
branch moves beside something it needs or that needs it, no path collides that did not. What counts is the simulated
end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phaseplan.forecast.improving.collisions import collisions, path_of
from phaseplan.forecast.improving.edits import Unknown, add_key, begin, finish, move_item
from phaseplan.forecast.improving.proposal import Draft, Proposal, faster, makespan, with_branch
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.forecast.simulation.schedule import run, shared
from phaseplan.plan.durations import estimates_of
from phaseplan.plan.model import Branch, PhasePlan, Wave

_WORTH = 0.01  # share of the end that a change must gain
_STEPS = 500_000  # branch starts that the search may simulate


@dataclass(frozen=True)
class _Move:
    """Move one branch to one wave, by index."""

    branch: str
    source: int
    target: int


def propose(draft: Draft) -> list[Proposal]:
    """Make at most one proposal, of all moves that gain something together."""
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
    """List moves that end the phase sooner, in order."""
    moves: list[_Move] = []
    left, best = max(1, _STEPS // len(plan.place)), _end(plan)
    while True:
        step: tuple[list[_Move], PhasePlan] | None = None
        for ids in _chains(plan):
            changed, made = plan, list[_Move]()
            for branch_id in ids:
                tried = [(_end(_shifted(changed, move)), move) for move in _options(changed, branch_id)]
                left -= len(tried) + 1
                if left < 0:
                    return moves
                if not tried:
                    break
                end, move = min(tried, key=lambda e: e[0])
                changed, made = _shifted(changed, move), [*made, move]
                if end < best * (1 - _WORTH) and len(collisions(changed)) <= len(collisions(plan)):
                    best, step = end, (made, changed)
        if step is None:
            return moves
        moves, plan = [*moves, *step[0]], step[1]


def _chains(plan: PhasePlan) -> Iterator[list[str]]:
    """List what to move: each branch by itself; the branches of a wave, the longest first, one after the other."""
    cost = {branch_id: estimate.mean for branch_id, estimate in estimates_of(plan).items()}
    for wave in plan.waves:
        movable = [b.id for b in sorted(wave.branches, key=lambda b: -cost[b.id]) if _options(plan, b.id)]
        yield from ([branch_id] for branch_id in movable)
        if len(movable) > 1:
            yield movable


def _options(plan: PhasePlan, branch_id: str) -> list[_Move]:
    """List the waves where a branch may go: behind what it needs, before what needs it, a shared file's owner first."""
    at, index = plan.wave_of, {wave.wave: i for i, wave in enumerate(plan.waves)}
    source = index[at[branch_id]]
    if len(plan.waves[source].branches) < 2:
        return []
    behind = [index[at[d]] + 1 for d in plan.by_id[branch_id].depends_on]
    before = [index[at[d]] - 1 for d in plan.needed_by[branch_id]]
    for entry in plan.shared_files:
        if branch_id == entry.owner:
            before += [index[at[b]] for b in entry.branches if b != branch_id]
        elif branch_id in entry.branches:
            behind.append(index[at[entry.owner]])
    targets = range(max(behind, default=0), min(before, default=len(plan.waves) - 1) + 1)
    return [_Move(branch_id, source, target) for target in targets if target != source]


def _shifted(plan: PhasePlan, move: _Move) -> PhasePlan:
    """Return the plan with a branch at the end of another wave, with the duration that its old wave gave it."""
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
    """Return the draft after one move: first the duration is written at the branch, then the branch is moved."""
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
