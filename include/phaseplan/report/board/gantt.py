"""Lay what happened over what was planned, branch by branch, in seconds from the run's start. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from phaseplan.forecast.simulation.axis import step
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.forecast.simulation.schedule import pools, run
from phaseplan.ledger.records import moment, moment_if_any
from phaseplan.plan.durations import Estimate
from phaseplan.plan.model import PhasePlan
from phaseplan.report.attempts import AttemptStatus
from phaseplan.report.board.outlook import start_of
from phaseplan.report.status import PhaseStatus

_MARKS = 8  # of the axis, at most


@dataclass(frozen=True)
class Bar:
    """Hold one span of time, in seconds from the run's start, and what became of it."""

    start: float
    end: float
    outcome: str = ""


@dataclass(frozen=True)
class Row:
    """Hold one branch: when it was expected to be built, and when it was."""

    id: str
    title: str
    planned: Bar
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Gantt:
    """Hold all rows; `end` is the last second shown, `now` the present one while a run is open."""

    rows: tuple[Row, ...]
    end: float
    now: float | None
    marks: tuple[float, ...]

    def share(self, seconds: float) -> float:
        """Return where a moment lies, from 0 to 1000."""
        return round(1000 * seconds / self.end, 1) if self.end else 0.0


def gantt_of(plan: PhasePlan, status: PhaseStatus, expected: Mapping[str, Estimate], now: datetime) -> Gantt:
    """Lay out the newest run; without a run, the plan alone.

    :param expected: what each branch is expected to take.
    """
    work = gather([plan], {plan.phase: {b: (e.low, e.high) for b, e in expected.items()}})
    schedule = run(work, connect(work, start_of(status, plan)), pools(work))
    places = {branch.id: n for n, branch in enumerate(work.branches)}
    opened = moment(status.run.opened) if status.run else None
    present = (now - opened).total_seconds() if opened and status.run and not status.run.closed else None
    rows = tuple(
        Row(
            branch.id,
            branch.title,
            Bar(schedule.starts[places[branch.id]], schedule.ends[places[branch.id]]),
            tuple(_bars(status.branches[branch.id].attempts, opened, now)),
        )
        for branch in plan
    )
    ends = [row.planned.end for row in rows] + [bar.end for row in rows for bar in row.bars]
    end = max([*ends, present or 0.0, 1.0])
    return Gantt(rows, end, present, step(end, _MARKS))


def _bars(attempts: tuple[AttemptStatus, ...], opened: datetime | None, now: datetime) -> list[Bar]:
    """Return the attempts that this run made; an agent of an earlier run took this one no time."""
    if opened is None:
        return []
    bars = []
    for attempt in attempts:
        began = moment_if_any(attempt.started)
        if began is None or began < opened:
            continue
        end = moment_if_any(attempt.finished) or now
        bars.append(Bar((began - opened).total_seconds(), (end - opened).total_seconds(), attempt.outcome))
    return bars
