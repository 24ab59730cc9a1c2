"""Compute everything that `simulate` reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from phaseplan.forecast.simulation.bounds import bounds_of
from phaseplan.forecast.simulation.chance import Chance, chance
from phaseplan.forecast.simulation.claims import Claim, compare
from phaseplan.forecast.simulation.cost import Cost, cost
from phaseplan.forecast.simulation.crew import Enough, Row, enough, table, utilisation
from phaseplan.forecast.simulation.network import Net, Work, connect, gather
from phaseplan.forecast.simulation.schedule import Agents, Schedule, pools, run, shared
from phaseplan.forecast.simulation.sensitivity import Shift, sensitivity, slacks
from phaseplan.plan.costs import Builds
from phaseplan.plan.durations import Learned
from phaseplan.plan.model import PhasePlan, Start
from phaseplan.plan.yaml.load import gc_paused


@dataclass(frozen=True)
class Question:
    """Hold what is asked. `agents` None: each phase's own `max_parallel_agents`; `start` None: its own start mode."""

    agents: int | None = None
    start: Start | None = None
    seed: int = 1
    runs: int | None = None


@dataclass(frozen=True)
class Report:
    """Hold one simulation. Times in seconds, branches by their number in `work`."""

    question: Question
    work: Work
    agents: Agents
    critical_path: tuple[tuple[int, str], ...]  # (phase, branch id)
    critical_time: float
    sequential: float
    makespans: Mapping[str, float]  # by start mode, with these agents
    bounds: Mapping[str, float]
    schedule: Schedule  # in the start mode asked about
    bound: float
    slack: tuple[float, ...]
    utilisation: tuple[float, ...]  # by agent
    rows: tuple[Row, ...]
    enough: Mapping[str, Enough]  # by start mode
    sensitivity: tuple[Shift, ...]
    chance: Chance
    claims: tuple[Claim, ...]
    cost: Cost | None = None  # of models; None: nothing is known of earlier builds

    @property
    def missing(self) -> tuple[int, ...]:
        """List phases that others wait for and that were not given: taken to be complete."""
        known = {plan.phase for plan in self.work.plans}
        return tuple(sorted({p for plan in self.work.plans for p in plan.depends_on} - known))

    def who(self, agent: int) -> str:
        """Return an agent's name; if phases have agents of their own, with the phase."""
        for plan, size in zip(self.work.plans, self.agents.crews, strict=False):
            if len(self.agents.crews) == 1:
                break
            if agent < size:
                return f"{plan.phase}/{agent + 1}"
            agent -= size
        return str(agent + 1)


def simulate(
    plans: Sequence[PhasePlan],
    question: Question,
    learned: Mapping[int, Learned] | None = None,
    builds: Mapping[int, Builds] | None = None,
) -> Report:
    """Simulate plans that lint without errors.

    :param learned: seconds of past runs, by phase and branch id.
    :param builds: what past runs used of models, by phase and branch id.
    """
    with gc_paused():
        report = _simulate(gather(plans, learned), question)
        return replace(report, cost=cost(report.work, builds or {}, question.seed, question.runs))


def _simulate(work: Work, question: Question) -> Report:
    modes: tuple[Start, Start] = ("wave", "dependencies")
    nets: dict[str, Net] = {mode: connect(work, mode) for mode in modes}
    starts = {plan.start for plan in work.plans} if question.start is None else {question.start}
    net = nets[next(iter(starts))] if len(starts) == 1 else connect(work)
    agents = pools(work) if question.agents is None else shared(work, question.agents)
    bounds, planned = bounds_of(work), run(work, net, agents)
    plenty: dict[str, Enough] = {mode: enough(work, nets[mode]) for mode in modes}
    path, length = bounds.critical()
    return Report(
        question=question,
        work=work,
        agents=agents,
        critical_path=path,
        critical_time=length,
        sequential=work.total,
        makespans={mode: run(work, nets[mode], agents).makespan for mode in modes},
        bounds={mode: bounds.at(agents, mode) for mode in modes},
        schedule=planned,
        bound=bounds.at(agents, question.start),
        slack=tuple(slacks(work, net, agents, planned)),
        utilisation=utilisation(planned, agents.total),
        rows=table(work, nets, bounds, max(e.agents for e in plenty.values()), question.agents or 1),
        enough=plenty,
        sensitivity=sensitivity(work, net, agents, planned),
        chance=chance(work, net, agents, question.seed, question.runs),
        claims=tuple(_claims(work, planned)),
    )


def _claims(work: Work, planned: Schedule) -> list[Claim]:
    """Check the claims of each phase by itself: from its first start to its last end."""
    out: list[Claim] = []
    for index, plan in enumerate(work.plans):
        own = [n for n, p in enumerate(work.plan_of) if p == index]
        took = max(planned.ends[n] for n in own) - min(planned.starts[n] for n in own)
        cost = work.cost_of(index)
        out += compare(plan, cost, sum(cost.values()), took)
    return out
