"""Look at phases again and again at little cost: everything that waits in one process shares each look."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from phaseplan.config.plan_cache import FILES, PlanFiles
from phaseplan.config.settings import repository_for, settings
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger import refs
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.read import read
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.report.standing import Standing, Wait, judge
from phaseplan.repository.remote import Remote
from phaseplan.text.program import PROGRAM


@dataclass
class Watch:
    """Look at phases: one listing of a repository serves all callers, and only a phase whose refs moved is read."""

    files: PlanFiles = field(default_factory=lambda: FILES)
    nights: bool = False  # also read the history of runs, which waiting has no use for
    _places: dict[str, _Place] = field(default_factory=dict)

    def look(self, phase: int, repository: str | None, *, max_age: float = 0.0) -> Wait:
        """Return where a phase stands.

        A phase that is not open cannot open either if one that it depends on has failed.

        :param repository: the waiting plan's own repository, or None for the configured one.
        :param max_age: the greatest age in seconds of the listing; with more than 0 a caller does not wait while
            another one is reading the repository.
        :raises Infrastructure: the repository does not answer.
        """
        return self._look(phase, repository, max_age, frozenset())

    def _look(self, phase: int, repository: str | None, max_age: float, visited: frozenset[int]) -> Wait:
        configured = settings()
        plan = self.files.plans(configured).get(phase)
        if plan is None and not configured.plans.is_dir():
            return self._place(repository).look_without_file(phase, max_age, configured.state)
        if plan is None:
            message = f"Phase {phase} has no valid plan in {configured.plans}, so it cannot become complete. "
            return Wait(phase, Standing.ABSENT, message + f"Run `{PROGRAM} lint` there.")
        url = plan.repository or repository
        wait = self._place(url).look(plan, max_age, configured.state)
        if wait.idle and not wait.complete:
            for needed in set(plan.depends_on) - visited:
                dependency_wait = self._look(needed, plan.repository or repository, max_age, visited | {phase})
                if dependency_wait.standing is Standing.FAILED:
                    return Wait(phase, Standing.FAILED, f"Phase {phase} cannot open. {dependency_wait.reason}")
        return wait

    def snapshot(self, plan: PhasePlan, *, max_age: float) -> Snapshot:
        """Return a phase as its refs tell it; the same object as long as none of them has moved.

        :param max_age: the greatest age in seconds of the listing, which all callers share.
        :raises Infrastructure: the repository does not answer.
        """
        return self.seen(plan, max_age=max_age)[1]

    def seen(self, plan: PhasePlan, *, max_age: float) -> tuple[dict[str, str], Snapshot]:
        """Return a phase's own refs and what they tell; see `snapshot`."""
        return self._place(plan.repository).seen(plan.phase, max_age, settings().state)

    def opened(self, known: Collection[int], *, max_age: float) -> dict[int, PhasePlan]:
        """Return the phases of the configured repository that were ever opened, each by the plan its newest run pinned.

        :param known: phases that are left out.
        :return: nothing where no repository is configured.
        :raises Infrastructure: the repository does not answer.
        """
        try:
            place, state = self._place(None), settings().state
        except InputFault:
            return {}
        phases = [phase for phase in place.phases(max_age) if phase not in known]
        looks = {phase: place.seen(phase, max_age, state)[1].opened for phase in phases}
        return {phase: opened.plan for phase, opened in looks.items() if not isinstance(opened, Unopened)}

    def _place(self, repository: str | None) -> _Place:
        url = repository_for(repository)
        return self._places.setdefault(url, _Place(Remote(url), self.nights))


_FIRST = 10.0  # seconds that a first look waits for another caller's


@dataclass
class _Place:
    """Hold one repository's refs as they were at the last listing."""

    remote: Remote
    nights: bool = False
    _listed_at: float = float("-inf")
    _refs: dict[str, str] = field(default_factory=dict)
    _fault: Infrastructure | None = None
    _snapshots: dict[int, tuple[dict[str, str], Snapshot]] = field(default_factory=dict)
    _judged: dict[int, tuple[Snapshot, PhasePlan, Wait]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, plan: PhasePlan, max_age: float, state: Path) -> Wait:
        patience = -1.0 if max_age <= 0 else _FIRST if plan.phase not in self._judged else 0.0
        if not self._lock.acquire(patience != 0, patience or -1):
            if plan.phase in self._judged:
                return self._judged[plan.phase][2]
            message = f"Waiting for phase {plan.phase}: {self.remote} is being asked."
            return Wait(plan.phase, Standing.WAITING, message)
        try:
            snapshot = self._seen(plan.phase, max_age, state)[1]
            judgement = self._judged.get(plan.phase)
            if judgement is None or judgement[0] is not snapshot or judgement[1] is not plan or judgement[2].passing:
                self._judged[plan.phase] = (snapshot, plan, judge(snapshot, plan))
            return self._judged[plan.phase][2]
        finally:
            self._lock.release()

    def look_without_file(self, phase: int, max_age: float, state: Path) -> Wait:
        """Judge a phase by the plan that its newest run has pinned.

        A triggerer has no plan files where they are in a bundle that only DAG processors and workers load. What it
        finds is a hint for the task, which has them.
        """
        with self._lock:
            opened = self._seen(phase, max_age, state)[1].opened
        if isinstance(opened, Unopened):
            return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: it has not been opened yet.")
        return self.look(opened.plan, max_age or _FIRST, state)

    def phases(self, max_age: float) -> list[int]:
        """List the phases that have a ledger."""
        with self._lock:
            self._ask(max_age)
            return [phase for ref in self._refs if (phase := refs.phase_of_ledger(ref)) is not None]

    def seen(self, phase: int, max_age: float, state: Path) -> tuple[dict[str, str], Snapshot]:
        """Return a phase's refs and its snapshot, read again only where they moved."""
        with self._lock:
            return self._seen(phase, max_age, state)

    def _seen(self, phase: int, max_age: float, state: Path) -> tuple[dict[str, str], Snapshot]:
        self._ask(max_age)
        root, own = refs.root(phase), refs.integration(phase)
        own_refs = {ref: sha for ref, sha in self._refs.items() if ref.startswith(f"{root}/") or ref == own}
        cached = self._snapshots.get(phase)
        if cached is None or cached[0] != own_refs:
            cached = (own_refs, self._read(phase, state) if own_refs else Snapshot(phase))
            self._snapshots[phase] = cached
        return cached

    def _ask(self, max_age: float) -> None:
        """List the refs once for all callers within `max_age`; a failure is shared in the same way."""
        if time.monotonic() - self._listed_at >= max_age:
            try:
                self._refs, self._fault = self.remote.refs(), None
            except Infrastructure as error:
                self._fault = error
            self._listed_at = time.monotonic()
        if self._fault is not None:
            raise Infrastructure(str(self._fault))

    def _read(self, phase: int, state: Path) -> Snapshot:
        with self.remote.private(state=state) as repo:
            return read(repo, self.remote, phase, nights=self.nights, listed=self._refs)


#: One for all triggers of a triggerer process; a task has its own.
WATCH = Watch()
