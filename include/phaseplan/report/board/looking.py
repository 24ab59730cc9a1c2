"""Read what the board shows from target repositories: one listing serves all viewers, and only what moved is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from phaseplan.config.plan_cache import FILES
from phaseplan.config.recent import Recent
from phaseplan.config.settings import repository_for, settings
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.merging.predicted_conflicts import EarlyWarning, warnings
from phaseplan.plan.model import PhasePlan
from phaseplan.report.board.campaign import Campaign, campaign_of
from phaseplan.report.board.phase import PhaseBoard, board_of
from phaseplan.report.standing import judge
from phaseplan.report.status import PhaseStatus, build_status
from phaseplan.report.watching import Watch
from phaseplan.repository.remote import Remote

#: Seconds for which all viewers share one listing of a repository: how far the board is behind it at most.
AGE = 1.5
#: Seconds after which a page of something at work is rendered anew although no ref has moved: predictions grow old.
TICK = 30
MaySee = Callable[[int], bool]


@dataclass(frozen=True)
class _Known:
    """Hold what one look at a phase has shown; `mark` is the same in every process that has seen the same."""

    mark: str
    snapshot: Snapshot
    plan: PhasePlan
    status: PhaseStatus


@dataclass
class Looking:
    """Keep what was last read of each phase, for all viewers of one process."""

    watch: Watch = field(default_factory=lambda: Watch(nights=True))
    _known: dict[int, _Known] = field(default_factory=dict)
    _plans_now: Recent[dict[int, PhasePlan]] = field(default_factory=Recent)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stamp(self, may_see: MaySee, phase: int | None = None, more: str = "") -> str:
        """Return a word that changes whenever a page of these phases would.

        :param more: what else the page depends on.
        :raises Infrastructure: a repository does not answer.
        """
        parts = [more]
        for number, plan in self._plans(may_see, phase).items():
            known = self._known_of(plan)
            run = known.snapshot.run
            clock = int(datetime.now(UTC).timestamp()) // TICK if run and not run.closed else 0
            parts.append(f"{number} {known.mark} {clock}")
        return sha256("\n".join(parts).encode()).hexdigest()[:16]

    def knows(self, number: int) -> bool:
        """Say whether a phase has a valid plan file, or was ever opened."""
        return number in self._all()

    def numbers(self) -> tuple[int, ...]:
        """Return all phases that have a valid plan file, or were ever opened."""
        return tuple(self._all())

    def phase(self, number: int) -> PhaseBoard | None:
        """Return a phase's board; None if it has no valid plan file and was never opened.

        :raises Infrastructure: its repository does not answer.
        """
        plan = self._all().get(number)
        return self._board(plan) if plan else None

    def questions(self, number: int) -> tuple[str, tuple[str, ...]]:
        """Return the run that holds a phase, and the tasks of it that wait for a person.

        :raises Infrastructure: its repository does not answer.
        """
        plan = self._all().get(number)
        if plan is None:
            return "", ()
        status = self._known_of(plan).status
        waiting = tuple(known.task for known in status.approvals.values() if known.state == "waiting")
        return (status.run.id if status.run else ""), waiting

    def campaign(self, may_see: MaySee) -> Campaign:
        """Return all phases that a viewer may see.

        :raises Infrastructure: a repository does not answer.
        """
        plans = self._plans(may_see)
        boards = {number: self._board(plan) for number, plan in plans.items()}
        waits = {number: judge(boards[number].snapshot, plan) for number, plan in plans.items()}
        return campaign_of(boards, waits)

    def conflicts(self, board: PhaseBoard) -> tuple[EarlyWarning, ...]:
        """Return which branches under way would conflict; trial merges, so only where a viewer asks for them."""
        run = board.status.run
        if run is None:
            return ()
        remote = Remote(repository_for(board.plan.repository))
        with remote.private(state=settings().state) as repo:
            return tuple(warnings(repo, board.snapshot, board.plan, run.base))

    def _plans(self, may_see: MaySee, phase: int | None = None) -> dict[int, PhasePlan]:
        return {n: plan for n, plan in self._all().items() if (phase is None or n == phase) and may_see(n)}

    def _all(self) -> dict[int, PhasePlan]:
        """Return every phase that has a plan file here, or that was opened in the configured repository.

        An API server has no plan files where they are in a bundle that only DAG processors and workers load.
        """
        return self._plans_now.get(self._read_all)

    def _read_all(self) -> dict[int, PhasePlan]:
        plans = FILES.plans(settings())
        return {**self.watch.opened(plans, max_age=AGE), **plans}

    def _board(self, plan: PhasePlan) -> PhaseBoard:
        known = self._known_of(plan)
        shown = known.snapshot.pinned.plan if known.snapshot.pinned else plan
        remote = Remote(repository_for(plan.repository)).url
        return board_of(shown, known.snapshot, known.status, datetime.now(UTC), remote)

    def _known_of(self, plan: PhasePlan) -> _Known:
        """Return what is known of a phase, computed anew where its refs or its plan file have changed."""
        own_refs, snapshot = self.watch.seen(plan, max_age=AGE)
        with self._lock:
            known = self._known.get(plan.phase)
            if known is None or known.snapshot is not snapshot or known.plan is not plan:
                known = _Known(_mark(own_refs, plan), snapshot, plan, build_status(snapshot, plan))
                self._known[plan.phase] = known
            return known


def _mark(own_refs: Mapping[str, str], plan: PhasePlan) -> str:
    """Return a word for what a phase's refs and its plan file are: one API server has several processes."""
    listing = "\n".join(f"{ref} {commit}" for ref, commit in sorted(own_refs.items()))
    return sha256(f"{listing}\n{plan.model_dump_json()}".encode()).hexdigest()


#: One for all requests of an API server's process.
LOOKING = Looking()
