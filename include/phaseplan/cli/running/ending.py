"""Report how a run ended: its tables, its exit code, and where to read on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from phaseplan.cli.running import logs
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.running.taken import Taken, account
from phaseplan.cli.show import tables
from phaseplan.cli.show.branches import BranchTable
from phaseplan.ledger.records import State
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import PhaseStatus
from phaseplan.text.program import PROGRAM

FINE, INPUT, SYSTEM = 0, 1, 2


@dataclass(frozen=True)
class Ended:
    """Hold one phase at the end of the run."""

    request: PhaseRequest
    run_id: str
    state: str  # of the DAG run: success | failed
    status: PhaseStatus | None  # None: nobody ever opened the phase, or its repository does not answer
    taken: Taken | None = None  # the run that holds the phase now, where this one had opened it

    @property
    def opened(self) -> bool:
        """Say whether this run has opened the phase."""
        return self.status is not None and self.status.run is not None and self.status.run.id == self.run_id

    @property
    def undelivered(self) -> bool:
        """Say whether the phase is complete and this run could not deliver it."""
        delivery = self.status.delivery if self.status and self.status.complete else None
        return delivery is not None and bool(delivery.problem) and delivery.run == self.run_id

    @property
    def code(self) -> int:
        """Return 0 if complete (or all that was selected is in), 1 if branches or gates failed, 2 if the system did."""
        status = self.status
        if self.taken is not None:
            return FINE if self.taken.night.closed and self.taken.night.complete else SYSTEM
        if status is None or not self.opened:
            return SYSTEM
        if status.complete:
            return SYSTEM if self.undelivered else FINE
        selected = self.request.selected
        branches = [b for branch_id, b in status.branches.items() if not selected or branch_id in selected]
        if selected and self.state == "success" and all(b.state is State.INTEGRATED for b in branches):
            return FINE
        said_no = any(b.state in (State.ISOLATED, State.BLOCKED) for b in branches)
        return INPUT if said_no or any(w.state == "red" for w in status.waves.values()) else SYSTEM


def exit_code(ends: Sequence[Ended]) -> int:
    """Return the exit code of the whole run: a fault of the system outweighs one of a branch."""
    by_number = {end.request.plan.phase: end for end in ends}
    return max((_cause(end, by_number) for end in ends), default=FINE)


def _cause(end: Ended, by_number: Mapping[int, Ended]) -> int:
    """Return the code of a phase; of one that never opened, that of what it waited for in vain."""
    if end.opened or end.taken:
        return end.code
    needed = [_cause(by_number[n], by_number) for n in end.request.plan.depends_on if n in by_number]
    return max(needed, default=FINE) or end.code


def report(console: Console, ends: Sequence[Ended], home: Path) -> None:
    """Print the result of every phase."""
    for end in ends:
        _phase(console, end, home / "logs")


def _phase(console: Console, end: Ended, folder: Path) -> None:
    plan = end.request.plan
    word = {FINE: "complete" if not end.request.selected else "the selection is in"}.get(end.code, "NOT complete")
    word = "complete, and not delivered" if end.undelivered else word
    tables.say(console, f"\nPhase {plan.phase} {plan.title}: {word}")
    if end.status is not None and end.opened:
        console.print(BranchTable(end.status, end.request.selected))
        lines = [*tables.waves(end.status), *tables.timing(end.status, plan)]
        lines += [*tables.used(end.status), *tables.budgets(end.status), *tables.delivered(end.status)]
        if attention := list(tables.troubles(end.status, plan)):
            lines += ["", "Needs attention:", *(f"  {line}" for line in attention)]
    elif end.taken is not None:
        lines = list(account(end.taken, plan.phase))
    else:
        lines = ["The run never opened the phase; nothing was changed."]
    for line in [*lines, *_system_errors(end, folder), "", *_where(end, folder)]:
        tables.say(console, line)


def _system_errors(end: Ended, folder: Path) -> Iterator[str]:
    """Yield the errors of tasks that build no branch, if the run failed on them."""
    if end.code == SYSTEM:
        for task in _own_tasks(end.request.plan):
            if error := logs.last_error(folder, names.dag_id(end.request.plan.phase), end.run_id, task):
                yield f"{task}: {error}"


def _own_tasks(plan: PhasePlan) -> list[str]:
    waiting = [names.await_task(phase) for phase in plan.depends_on]
    integrates = [names.integrate_task(wave.wave) for wave in plan.waves]
    return [*waiting, names.OPEN, *integrates, names.CLOSE, names.DELIVER]


def _where(end: Ended, folder: Path) -> Iterator[str]:
    text = logs.write_text(folder, end.request.plan, end.run_id)
    yield "logs      " + str(text / "<branch>.log")
    phase, repository = end.request.plan.phase, end.request.repository
    if end.status is not None and end.status.integration and Path(repository).is_dir():
        yield f"merged    git -C {shlex.quote(repository)} log --graph --oneline integration/phase-{phase}"
    yield f"status    {PROGRAM} status {phase}"


def by_phase(requests: Sequence[PhaseRequest], states: Mapping[int, str]) -> list[tuple[PhaseRequest, str]]:
    """Pair each phase with the state of its DAG run; one that was never triggered has failed."""
    return [(request, states.get(request.plan.phase, "failed")) for request in requests]
