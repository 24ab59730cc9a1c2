"""Estimate what a run that builds every branch uses of models, from what earlier builds have used.

Each branch is given one of its own earlier builds by lot, else one of another branch of its agent profile; what came of
them does not matter, because failed attempts cost as well. A branch with neither is left out, and named.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phaseplan.forecast.simulation.chance import rounds, share
from phaseplan.forecast.simulation.network import Work
from phaseplan.plan.costs import Build, Builds

Pools = dict[int, Sequence[Build]]


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold what half of the runs, and nine of ten, do not go beyond."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold an estimate.

    :param builds: earlier builds that it is from.
    :param own: number of branches that are known by builds of their own; `alike` by those of their profile.
    :param left_out: branches without either, as (phase, id).
    :param unpriced: number of branches whose price is unknown; their tokens count, and their dollars are in no sum.
    :param usd: None: no price is known.
    """

    runs: int
    seed: int
    builds: int
    own: int
    alike: int
    left_out: tuple[tuple[int, str], ...]
    unpriced: int
    tokens: Spread
    usd: Spread | None


def cost(work: Work, past: Mapping[int, Builds], seed: int, runs: int | None = None) -> Cost | None:
    """Estimate the cost of one run; None: nothing is known of any branch. The same seed gives the same answer.

    :param past: earlier builds by phase and branch id.
    """
    own, alike = _pools(work, past)
    pools = own | alike
    if not pools:
        return None
    count, dice = rounds(len(pools), runs), random.Random(seed)
    priced = {number for number, pool in pools.items() if all(build.usd is not None for build in pool)}
    tokens, dollars = list[float](), list[float]()
    for _ in range(count):
        drawn = [(number, dice.choice(pool)) for number, pool in pools.items()]
        tokens.append(sum(build.tokens for _, build in drawn))
        dollars.append(sum(build.usd or 0.0 for number, build in drawn if number in priced))
    names = [(work.plans[index].phase, branch.id) for index, branch in zip(work.plan_of, work.branches, strict=True)]
    return Cost(
        runs=count,
        seed=seed,
        builds=len({id(build) for pool in pools.values() for build in pool}),
        own=len(own),
        alike=len(alike),
        left_out=tuple(name for number, name in enumerate(names) if number not in pools),
        unpriced=len(pools) - len(priced),
        tokens=_spread(tokens),
        usd=_spread(dollars) if priced else None,
    )


def _pools(work: Work, past: Mapping[int, Builds]) -> tuple[Pools, Pools]:
    """Return earlier builds by branch number: of the branch itself; of others of its profile where it has none."""
    by_agent = _by_agent(past)
    own, alike = dict[int, Sequence[Build]](), dict[int, Sequence[Build]]()
    for number, (branch, index) in enumerate(zip(work.branches, work.plan_of, strict=True)):
        plan = work.plans[index]
        if known := past.get(plan.phase, {}).get(branch.id):
            own[number] = known
        elif others := by_agent.get(plan.profile_of(branch) or ""):
            alike[number] = others
    return own, alike


def _by_agent(past: Mapping[int, Builds]) -> dict[str, list[Build]]:
    found: dict[str, list[Build]] = {}
    for builds in past.values():
        for build in (build for of_branch in builds.values() for build in of_branch):
            found.setdefault(build.agent, []).append(build)
    return found


def _spread(sums: list[float]) -> Spread:
    sums.sort()
    return Spread(share(sums, 0.5), share(sums, 0.9))
