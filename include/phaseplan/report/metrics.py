"""Compute what monitoring is told of a phase; docs/metrics.md is made from the tables. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from phaseplan.ledger.money.spending import spending
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.records import State, Verdict, moment
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.graph import transitive
from phaseplan.report.status import build_status

_STATES = {
    State.PENDING: ("waiting", "branches that have not begun"),
    State.RUNNING: ("running", "branches whose agent works, or whose gates run"),
    State.PASSED: ("passed", "branches that wait for their wave's integration"),
    State.INTEGRATED: ("integrated", "branches that are in"),
    State.ISOLATED: ("isolated", "branches that are out because their gates, a conflict or their wave's gates say so"),
    State.BLOCKED: ("blocked", "branches that wait for one that is out, or whose agent said so"),
    State.CANCELLED: ("cancelled", "branches that a person stopped"),
    State.UNFINISHED: ("unfinished", "branches that infrastructure let down, to be tried again"),
}
#: Gauges: what is so at the newest look of any task of the phase.
GAUGES: Mapping[str, str] = {
    **{f"branches.{word}": meaning for word, meaning in _STATES.values()},
    "queue_wait_seconds": "mean time of this run's branches from when nothing they need was missing until they began",
    "agent_utilisation": "time of agents of this run, as a share of what `max_parallel_agents` would allow; 1 is all",
    "usage.tokens": "tokens that the phase's attempts have used, where a gateway counted",
    "usage.usd": "their price in dollars, as far as it is known",
    "usage.wasted_usd": "of that, by attempts whose work is neither in nor waiting to come in",
}
#: Timers: sent once, when an attempt has its verdict.
TIMERS: Mapping[str, str] = {
    "attempt.workspace": "making the workspace",
    "attempt.agent": "the agent at work",
    "attempt.collect": "bringing its work back",
    "attempt.gates": "its gates",
}
#: Counters: one more, when an attempt has its verdict.
COUNTERS: Mapping[str, str] = {
    f"attempts.{outcome}": f"attempts that ended as {outcome}"
    for outcome in ("passed", "failed", "blocked", "cancelled", "unfinished")
}


def prefix(phase: int) -> str:
    """Return what the names of a phase's metrics begin with."""
    return f"phaseplan.phase_{phase}."


def gauges(snapshot: Snapshot) -> dict[str, float]:
    """Return the values of `GAUGES` that are known of a phase; none where it was never opened."""
    opened = snapshot.opened
    if isinstance(opened, Unopened):
        return {}
    states = Counter(snapshot.state(branch.id) for branch in opened.plan)
    found: dict[str, float] = {f"branches.{word}": states[state] for state, (word, _) in _STATES.items()}
    found["agent_utilisation"] = build_status(snapshot, opened.plan).timings.agent_utilisation
    if waits := list(_waits(snapshot, opened)):
        found["queue_wait_seconds"] = sum(waits) / len(waits)
    if (spent := spending(snapshot, opened.plan).phase) is not None:
        wasted = spent.wasted.usd if spent.wasted else 0.0
        found |= {"usage.tokens": spent.usage.tokens, "usage.usd": spent.usage.usd, "usage.wasted_usd": wasted}
    return found


def timers(verdict: Verdict) -> dict[str, float]:
    """Return the seconds of `TIMERS` that are known of an attempt."""
    return {f"attempt.{name}": s for name, s in verdict.timings.items() if f"attempt.{name}" in TIMERS}


def _waits(snapshot: Snapshot, opened: OpenPhase) -> Iterator[float]:
    """Yield how long each branch that this run has begun could have begun before, in seconds."""
    run, plan = opened.run, opened.plan
    for branch in plan:
        begun = [claim.time for claim in snapshot.started.get(branch.id, {}).values() if claim.run == run.id]
        needed = [run.opened]
        for dependency in transitive(plan, branch.id):
            needed += [verdict.finished for verdict in snapshot.verdicts.get(dependency, ()) if verdict.run == run.id]
        if run.start == "wave":
            before = [wave for number, wave in snapshot.waves.items() if number < plan.wave_of[branch.id]]
            needed += [wave.finished for wave in before if wave.run == run.id]
        if begun and (ready := [when for text in needed if (when := _time(text))]) and (start := _time(min(begun))):
            yield max(0.0, (start - max(ready)).total_seconds())


def _time(text: str) -> datetime | None:
    try:
        return moment(text)
    except ValueError:
        return None
