"""Carry a run out: wait for Airflow, trigger every phase, watch until all have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Protocol, TypeVar

from phaseplan.cli.local_airflow.api import Api, ApiError, TaskState
from phaseplan.cli.local_airflow.supervisor import Supervisor
from phaseplan.cli.progress.estimate import remaining
from phaseplan.cli.progress.troubles import Troubles
from phaseplan.cli.progress.view import PhaseView, observe
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.running.room import Room
from phaseplan.cli.running.silence import Silence
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan import names
from phaseplan.report.status import PhaseStatus

READY = 600.0  # seconds for Airflow to answer and to read the plans, on a busy machine; on a quiet one it is 20
_PARTLY = 90.0  # seconds after which the ledger of an ended run is completed by nothing that was on its way
_POLL = 1.0  # seconds between two looks, or four times what a look takes,
_POLL_SLOWEST = 3.0  # but no more than this
_CALM = 8.0  # a phase in which nothing happens is looked at after an eighth of the time in which nothing did,
_CALMEST = 5.0  # but no later than this
_READ = 2.0  # seconds between two reads of a ledger, at least
_REREAD = 20.0  # and at most

_ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")  # Airflow's words for tasks

Statuses = Callable[[PhaseRequest], PhaseStatus | None]
T = TypeVar("T")


class Display(Protocol):
    """Show progress."""

    def show(self, views: Sequence[PhaseView], elapsed: float, etas: Sequence[float | None]) -> None:
        """Show the state of all phases."""

    def note(self, text: str) -> None:
        """Say something that is not about a phase."""


@dataclass
class _Phase:
    """Hold what is known of one phase of the run."""

    request: PhaseRequest
    tasks: tuple[TaskState, ...] = ()
    state: str = "queued"
    status: PhaseStatus | None = None
    asked: float = 0.0  # when Airflow was asked last, and when its answer was another one than before
    changed: float = 0.0
    read: float = 0.0
    fresh: bool = field(default=False)  # the ledger was read after the last change of a task
    triggered: bool = False
    lost_to: str = ""  # another run, which has taken the phase over from this one
    earlier: bool | None = None  # whether an earlier run has left a ledger; None: not known yet

    @property
    def number(self) -> int:
        return self.request.plan.phase

    @property
    def over(self) -> bool:
        return self.state in ("success", "failed")


class Drive:
    """Carry out one run of some phases in one Airflow."""

    def __init__(
        self,
        supervisor: Supervisor,
        api: Api,
        requests: Sequence[PhaseRequest],
        run_id: str,
        display: Display,
        statuses: Statuses,
        why: Callable[[str, str], str],
    ) -> None:
        """Take what a run needs.

        :param why: the last error that a task of a DAG has logged, by the ids of both.
        """
        self._supervisor = supervisor
        self._api = api
        self._phases = [_Phase(request) for request in requests]
        self._troubles = {
            phase.number: Troubles(phase.request.plan, partial(why, names.dag_id(phase.number)))
            for phase in self._phases
        }
        self._run_id = run_id
        self._display = display
        self._statuses = statuses
        self._since = supervisor.started
        self._begun = time.monotonic()
        self._room = Room(supervisor.home.path, display.note, supervisor.renew)
        self._silence = Silence(display.note, self._room.full, supervisor.log("api-server"))

    def to_the_end(self) -> dict[int, str]:
        """Trigger and watch; return how each phase's DAG run ended: `success` or `failed`."""
        self._ready()
        self._begun = time.monotonic()
        while True:
            begun = time.monotonic()
            self._trigger_what_may_wait()
            views = self._look()
            if all(view.over for view in views):
                return {phase.request.plan.phase: phase.state for phase in self._phases}
            self._give_up_on_the_hopeless(views)
            time.sleep(min(max(_POLL, 4 * (time.monotonic() - begun)), _POLL_SLOWEST))

    def cancel(self) -> None:
        """Mark every run that goes on as failed: its tasks stop their containers."""
        for phase in self._phases:
            if phase.triggered and not phase.over:
                with suppress(ApiError):  # not triggered yet, or the API server went first
                    self._api.mark(names.dag_id(phase.request.plan.phase), self._run_id, "failed")

    def _ready(self) -> None:
        """Wait until every DAG is there, and no longer."""
        wanted = [names.dag_id(phase.request.plan.phase) for phase in self._phases]
        deadline = time.monotonic() + READY
        warming: Thread | None = None
        while time.monotonic() < deadline:
            self._mend()
            if self._api.health():
                if warming is None:  # while the plans are read
                    warming = Thread(target=self._api.warm, daemon=True)
                    warming.start()
                if errors := self._patiently(lambda: self._api.import_errors(self._since)):
                    raise Infrastructure(_import_text(errors))
                wanted = [dag for dag in wanted if not self._patiently(partial(self._api.has_dag, dag, self._since))]
                if not wanted:
                    return
            time.sleep(0.2)
        raise Infrastructure(
            f"Airflow did not show {', '.join(wanted)} within {READY:.0f} s. "
            f"Look at {self._supervisor.log('dag-processor')} and {self._supervisor.log('api-server')}."
        )

    def _trigger_what_may_wait(self) -> None:
        """Trigger each phase that nothing from before this run could open, or end, too early.

        It waits in Airflow from then on. What it depends on, as far as this run is about it, has been triggered and
        has a ledger of this run, or none at all.
        """
        by_number = {phase.number: phase for phase in self._phases}
        for phase in self._phases:
            needed = [by_number[n] for n in phase.request.plan.depends_on if n in by_number]
            if not phase.triggered and all(n.triggered and self._of_now(n) for n in needed):
                self._trigger(phase)
                phase.triggered, phase.changed = True, time.monotonic()

    def _of_now(self, phase: _Phase) -> bool:
        """Say whether the phase has a ledger of this run, or none: an earlier run's ledger does not count."""
        if phase.earlier is None:
            with suppress(Infrastructure):
                status = self._statuses(phase.request)
                phase.earlier = bool(status and status.run and status.run.id != self._run_id)
        return phase.earlier is False or phase.status is not None

    def _trigger(self, phase: _Phase) -> None:
        dag, conf = names.dag_id(phase.request.plan.phase), dict(phase.request.conf)
        try:
            self._patiently(lambda: self._api.trigger(dag, self._run_id, conf))
        except ApiError as error:
            if error.status in (400, 422):
                raise InputFault(f"Phase {phase.request.plan.phase} does not take these settings: {error}") from error
            if error.status != 409:  # a run id is never used twice: an earlier request had landed, only its answer not
                raise

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer: the API server may be starting again, or its database be busy.

        :raises ApiError: it said no, or nothing for too long.
        """
        while True:
            try:
                answer = ask()
            except ApiError as error:
                self._silence.bear(error)
            else:
                self._silence.over()
                return answer
            time.sleep(_POLL)
            self._mend()

    def _mend(self) -> None:
        """Start again what has died, unless it would only die of the same."""
        if self._room.full():
            return
        for restart in self._supervisor.check():
            self._display.note(
                f"Airflow's {restart.component} had died (exit {restart.exit_code}) and was started again; "
                f"its log: {self._supervisor.log(restart.component)}"
            )

    def _look(self) -> list[PhaseView]:
        self._mend()
        try:
            for phase in self._phases:
                if phase.triggered:
                    self._poll(phase)
            self._silence.over()
        except ApiError as error:
            self._silence.bear(error)
        views = [self._view(phase) for phase in self._phases]
        etas = [
            remaining(p.request.plan, v, by_wave=p.request.by_wave) for p, v in zip(self._phases, views, strict=True)
        ]
        self._display.show(views, time.monotonic() - self._begun, etas)
        return views

    def _poll(self, phase: _Phase) -> None:
        if phase.over and phase.fresh:
            return
        now = time.monotonic()
        if now - phase.asked < min((now - phase.changed) / _CALM, _CALMEST):
            return
        dag, phase.asked = names.dag_id(phase.request.plan.phase), now
        tasks, state = tuple(self._api.tasks(dag, self._run_id)), phase.state
        if state != "running" or all(task.state in _ENDED for task in tasks):  # else it cannot be over
            state = self._api.run_state(dag, self._run_id)
        if _signature(tasks) != _signature(phase.tasks) or state != phase.state:
            phase.fresh, phase.changed = False, now
        phase.tasks, phase.state = tasks, state
        for line in self._troubles[phase.number].fresh(tasks):
            self._display.note(line)
        age = time.monotonic() - phase.read
        over = state in ("success", "failed")
        if (not phase.fresh and (age >= _READ or over)) or age >= _REREAD:
            self._read(phase)

    def _read(self, phase: _Phase) -> None:
        """Read the ledger; what an earlier run wrote does not count."""
        try:
            status = self._statuses(phase.request)
        except Infrastructure as error:
            self._display.note(f"The repository did not answer: {error}")
        else:
            holder = status.run.id if status and status.run else ""
            if phase.status is not None and holder != self._run_id:
                phase.lost_to = holder
                self._display.note(f"Run {holder} has taken phase {phase.number} over; what is left of it is skipped.")
            phase.status = status if holder == self._run_id else None
        phase.read, phase.fresh = time.monotonic(), True

    def _view(self, phase: _Phase) -> PhaseView:
        request, now = phase.request, datetime.now(UTC)
        view = observe(request.plan, phase.state, phase.tasks, phase.status, now=now, selected=request.selected)
        if phase.triggered or phase.over:
            return view
        return replace(view, state=f"waiting for phase {', '.join(map(str, request.plan.depends_on))}")

    def _give_up_on_the_hopeless(self, views: Sequence[PhaseView]) -> None:
        """End a phase that waits for one whose run is over and left nothing from which its sensor could learn that it
        waits in vain: it never opened the phase, or was about some branches only."""
        over = [p for p in self._phases if p.over and p.fresh]
        never = {p.number for p in over if p.status is None}
        partly = {p.number for p in over if p.status and not p.status.complete and _age(p) > _PARTLY}
        for phase, view in zip(self._phases, views, strict=True):
            needed = sorted((never | partly).intersection(phase.request.plan.depends_on))
            if needed and view.state.startswith("waiting"):
                lost = next((p.lost_to for p in over if p.number == needed[0]), "")
                why = "never opened it" if needed[0] in never else "left it incomplete"
                why = f"has lost it to run {lost}" if lost else why
                self._display.note(f"Phase {view.phase} cannot open: the run of phase {needed[0]} {why}.")
                if phase.triggered:
                    self._patiently(partial(self._api.mark, names.dag_id(view.phase), self._run_id, "failed"))
                else:
                    phase.state, phase.fresh = "failed", True


def _age(phase: _Phase) -> float:
    """Return seconds since the ledger was read; the ledger of an ended run is not read again."""
    return time.monotonic() - phase.read


def _signature(tasks: Sequence[TaskState]) -> Mapping[str, tuple[str | None, int]]:
    return {task.task_id: (task.state, task.tries) for task in tasks}


def _import_text(errors: Mapping[str, str]) -> str:
    lines = [f"Airflow could not load {len(errors)} DAG file{'s' if len(errors) > 1 else ''}:"]
    for file, trace in errors.items():
        lines.append(f"{file}:\n" + "\n".join(trace.rstrip().splitlines()[-12:]))
    return "\n".join(lines)
