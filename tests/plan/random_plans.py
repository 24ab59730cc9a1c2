"""Small random plans, and the best any agents can do with them, found by trying everything."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from phaseplan.plan.model import PhasePlan

HOUR = 3600


def random_plan(dice: random.Random, most: int = 6) -> PhasePlan:
    """Up to `most` branches in up to three waves, each depending on some before it, an hour to nine long."""
    count = dice.randint(1, most)
    cuts = sorted(dice.sample(range(1, count), min(count - 1, dice.randint(0, 2))))
    waves, ids = [], []
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, count], strict=True), 1):
        branches = []
        for place in range(begin, end):
            needs = dice.sample(ids, min(len(ids), dice.choice((0, 0, 1, 1, 2))))
            branches.append(branch(f"1.{place}", f"{dice.randint(1, 9)}h", needs))
            ids.append(f"1.{place}")
        waves.append({"wave": number, "branches": branches})
    return plan_of(waves, max_parallel_agents=dice.randint(1, 3))


def branch(name: str, duration: str | None, needs: Sequence[str] = (), **more: object) -> dict[str, object]:
    """Make one branch that owns a folder of its own."""
    made = {"id": name, "branch": f"feature/{name}", "title": f"Branch {name}", "owns": [f"/{name}/"],
            "depends_on": list(needs), "duration": duration}  # fmt: skip
    return {key: value for key, value in (made | more).items() if value is not None}


def plan_of(waves: Sequence[Mapping[str, object]], phase: int = 1, **more: object) -> PhasePlan:
    """Make a plan of these waves."""
    return PhasePlan.model_validate({"phase": phase, "title": f"Phase {phase}", "waves": list(waves), **more})


def best(plan: PhasePlan, agents: int, start: str) -> float:
    """Compute the shortest makespan: try every order, each branch as early as agents and dependencies allow."""
    cost = {b.id: b.duration.low / HOUR for b in plan if b.duration is not None}
    needs = {b.id: set(b.depends_on) for b in plan}
    if start == "dependencies":
        return _best(cost, needs, agents) * HOUR
    groups = [{b.id for b in wave.branches} for wave in plan.waves]
    return sum(_best({b: cost[b] for b in g}, {b: needs[b] & g for b in g}, agents) for g in groups) * HOUR


def _best(cost: Mapping[str, float], needs: Mapping[str, set[str]], agents: int) -> float:
    found = sum(cost.values())

    def place(done: dict[str, tuple[float, float]]) -> None:
        nonlocal found
        if max((end for _, end in done.values()), default=0.0) >= found:
            return
        if len(done) == len(cost):
            found = max(end for _, end in done.values())
            return
        for job in cost.keys() - done.keys():
            if needs[job] <= done.keys():
                begin = _earliest(done, max((done[n][1] for n in needs[job]), default=0.0), cost[job], agents)
                place({**done, job: (begin, begin + cost[job])})

    place({})
    return found


def _earliest(done: Mapping[str, tuple[float, float]], after: float, length: float, agents: int) -> float:
    """Return the first moment from which an agent is free all the time."""
    moments = sorted({after, *(end for _, end in done.values() if end > after)})
    for moment in moments:
        inside = {moment, *(s for s, _ in done.values() if moment < s < moment + length)}
        if all(sum(s <= t < e for s, e in done.values()) < agents for t in inside):
            return moment
    raise AssertionError("behind everything there is always room")
