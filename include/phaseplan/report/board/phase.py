"""Put together what the board shows of one phase. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from phaseplan.delivery.place import page_on
from phaseplan.forecast.analysis import critical_path
from phaseplan.ledger.approval.approvals import OPENING, approved, of_wave, points
from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.records import State
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan import names
from phaseplan.plan.durations import Learned
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.report.board.asked import Asked, asked
from phaseplan.report.board.gantt import Gantt, gantt_of
from phaseplan.report.board.looks import Look, look_of
from phaseplan.report.board.outlook import Outlook, outlook, planned
from phaseplan.report.past_durations import learned
from phaseplan.report.status import BranchStatus, PhaseStatus, WaveStatus


@dataclass(frozen=True)
class Card:
    """Hold what is shown of one branch.

    :param task: id of its Airflow task.
    :param why: why it is red, or what it waits for; one line, or empty.
    :param used: tokens and dollars in short, or empty.
    :param since: when its agent began, where it works; else empty.
    :param critical: it is on the chain of dependencies that takes longest.
    """

    id: str
    title: str
    task: str
    look: Look
    attempt: int
    attempts: int
    agent: str
    model: str
    lines: int
    max_lines: int | None
    seconds: float | None
    since: str
    used: str
    why: str
    needs: tuple[str, ...]
    critical: bool
    flaky: bool


@dataclass(frozen=True)
class Column:
    """Hold one wave with its cards."""

    number: int
    title: str
    status: WaveStatus
    task: str
    cards: tuple[Card, ...]

    @property
    def done(self) -> int:
        """Count the branches that are in."""
        return sum(card.look.word == "integrated" for card in self.cards)


@dataclass(frozen=True)
class PhaseBoard:
    """Hold one phase of the board.

    :param run: id of the Airflow run that holds it; empty if it was never opened.
    """

    plan: PhasePlan
    status: PhaseStatus
    snapshot: Snapshot
    dag: str
    run: str
    columns: tuple[Column, ...]
    outlook: Outlook | None
    gantt: Gantt
    critical: tuple[str, ...]
    asked: tuple[Asked, ...]
    page: str = ""  # address of its pull request, if that is on the target's host

    @property
    def cards(self) -> tuple[Card, ...]:
        """List all cards in plan order."""
        return tuple(card for column in self.columns for card in column.cards)

    @property
    def integrated(self) -> int:
        """Count the branches that are in."""
        return sum(column.done for column in self.columns)

    @property
    def is_open(self) -> bool:
        """Say whether a run of it is at work."""
        return self.status.run is not None and not self.status.run.closed


def board_of(plan: PhasePlan, snapshot: Snapshot, status: PhaseStatus, now: datetime, remote: str = "") -> PhaseBoard:
    """Put a phase's board together.

    :param plan: the one that is shown: pinned by the newest run, else the file's.
    :param remote: URL of the target repository.
    """
    past: Learned = learned(snapshot)
    expected = planned(plan, status, past)
    path, _ = critical_path(plan, {b: e.mean for b, e in expected.items()})
    flaky = {flake.branch for flake in status.flaky}
    columns = tuple(
        Column(
            wave.wave,
            wave.title,
            status.waves[wave.wave],
            names.integrate_task(wave.wave),
            tuple(_card(plan, snapshot, status, b, b.id in path, b.id in flaky) for b in wave.branches),
        )
        for wave in plan.waves
    )
    return PhaseBoard(
        plan=plan,
        status=status,
        snapshot=snapshot,
        dag=names.dag_id(plan.phase),
        run=status.run.id if status.run else "",
        columns=columns,
        outlook=outlook(plan, status, past, now),
        gantt=gantt_of(plan, status, expected, now),
        critical=path,
        page=page_on(remote, status.delivery.url) if status.delivery else "",
        asked=asked(plan, snapshot, status),
    )


def _card(
    plan: PhasePlan, snapshot: Snapshot, status: PhaseStatus, branch: Branch, critical: bool, flaky: bool
) -> Card:
    own = status.branches[branch.id]
    spent = spent_of(own)
    last = own.attempts[-1] if own.attempts else None
    working = own.state is State.RUNNING
    return Card(
        id=branch.id,
        title=branch.title,
        task=names.branch_task_id(plan, branch.id),
        look=look_of(own),
        attempt=own.attempt,
        attempts=plan.attempts,
        agent=(last.agent if last else "")
        or (status.run.agent if status.run else None)
        or plan.profile_of(branch)
        or "",
        model=", ".join(own.usage.models) if own.usage else "",
        lines=own.lines,
        max_lines=plan.gates.max_lines,
        seconds=own.agent_seconds,
        since=own.started if working else "",
        used=spent.short if spent and own.usage else "",
        why=_why(plan, snapshot, branch, own),
        needs=branch.depends_on,
        critical=critical,
        flaky=flaky,
    )


def _why(plan: PhasePlan, snapshot: Snapshot, branch: Branch, own: BranchStatus) -> str:
    """Say in a line why a branch is red, or what it waits for."""
    if own.reason:
        return own.reason.split("\n")[0]
    if own.state is not State.PENDING or snapshot.run is None or snapshot.run.closed:
        return ""
    missing = [n for n in branch.depends_on if snapshot.state(n) not in (State.PASSED, State.INTEGRATED)]
    if missing:
        return f"waits for {', '.join(missing)}"
    if point := next((p for p in _points_before(plan, branch) if not approved(snapshot, p)), ""):
        return f"waits for the approval of {point}"
    below = [w.wave for w in plan.waves if w.wave < plan.wave_of[branch.id]]
    if snapshot.run.start == "wave" and below and not _wave_in(snapshot, below[-1]):
        return f"waits for wave {below[-1]}"
    return "waits for a free agent"


def _points_before(plan: PhasePlan, branch: Branch) -> tuple[str, ...]:
    """List the points that stand before a branch."""
    earlier = {of_wave(w.wave) for w in plan.waves if w.wave < plan.wave_of[branch.id]}
    return tuple(point for point in points(plan) if point == OPENING or point in earlier)


def _wave_in(snapshot: Snapshot, number: int) -> bool:
    record = snapshot.ledger.waves.get(number) if snapshot.ledger else None
    return record is not None and record.state == "integrated" and record.run == (snapshot.run and snapshot.run.id)
