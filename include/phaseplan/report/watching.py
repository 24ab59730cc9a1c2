"""Look at phases again and again at little cost: everything that waits in one process shares each look."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from phaseplan.config.plan_cache import FILES, PlanFiles
from phaseplan.config.settings import repository_for, settings
from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.read import read
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.report.standing import Standing, Wait, judge
from phaseplan.repository.remote import Remote


@dataclass
class Watch:
    """Looks at phases: one listing of a repository serves all, and a phase is read only when a ref of it moved."""

    files: PlanFiles = field(default_factory=lambda: FILES)
    _places: dict[str, _Place] = field(default_factory=dict)

    def look(self, phase: int, repository: str | None, *, max_age: float = 0.0) -> Wait:
        """Where a phase stands.

        A phase that is not open cannot open either where one that it depends on has failed.

        :param repository: the waiting plan's own repository, or None for the configured one.
        :param max_age: seconds that what is known of the repository may be old; with more than 0 nobody waits for
            somebody else who is asking it right now.
        :raises Infrastructure: the repository does not answer.
        """
        return self._look(phase, repository, max_age, frozenset())

    def _look(self, phase: int, repository: str | None, max_age: float, seen: frozenset[int]) -> Wait:
        here = settings()
        plan = self.files.plans(here).get(phase)
        if plan is None:
            said = f"Phase {phase} has no valid plan in {here.plans}, so it cannot become complete. "
            return Wait(phase, Standing.ABSENT, said + "Run `./phaseplan lint` there.")
        url = repository_for(plan.repository or repository)
        wait = self._places.setdefault(url, _Place(Remote(url))).look(plan, max_age, here.state)
        if wait.idle and not wait.complete:
            for needed in set(plan.depends_on) - seen:
                found = self._look(needed, plan.repository or repository, max_age, seen | {phase})
                if found.standing is Standing.FAILED:
                    return Wait(phase, Standing.FAILED, f"Phase {phase} cannot open. {found.reason}")
        return wait


_FIRST = 10.0  # seconds that a first look waits for somebody else's


@dataclass
class _Place:
    """One repository, as it was when somebody last asked."""

    remote: Remote
    _asked: float = float("-inf")
    _held: dict[str, str] = field(default_factory=dict)
    _trouble: Infrastructure | None = None
    _known: dict[int, tuple[dict[str, str], Snapshot]] = field(default_factory=dict)
    _judged: dict[int, tuple[Snapshot, PhasePlan, Wait]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, plan: PhasePlan, max_age: float, state: Path) -> Wait:
        patience = -1.0 if max_age <= 0 else _FIRST if plan.phase not in self._judged else 0.0
        if not self._lock.acquire(patience != 0, patience or -1):
            if plan.phase in self._judged:
                return self._judged[plan.phase][2]
            said = f"Waiting for phase {plan.phase}: {self.remote} is being asked."
            return Wait(plan.phase, Standing.WAITING, said)
        try:
            snapshot = self._snapshot(plan.phase, max_age, state)
            known = self._judged.get(plan.phase)
            if known is None or known[0] is not snapshot or known[1] is not plan or known[2].passing:
                self._judged[plan.phase] = (snapshot, plan, judge(snapshot, plan))
            return self._judged[plan.phase][2]
        finally:
            self._lock.release()

    def _snapshot(self, phase: int, max_age: float, state: Path) -> Snapshot:
        self._ask(max_age)
        root, own = refs.root(phase), refs.integration(phase)
        held = {ref: sha for ref, sha in self._held.items() if ref.startswith(f"{root}/") or ref == own}
        known = self._known.get(phase)
        if known is None or known[0] != held:
            known = (held, self._read(phase, state) if held else Snapshot(phase))
            self._known[phase] = known
        return known[1]

    def _ask(self, max_age: float) -> None:
        """One listing for all who ask within `max_age`; so is that there is none."""
        if time.monotonic() - self._asked >= max_age:
            try:
                self._held, self._trouble = self.remote.refs(), None
            except Infrastructure as error:
                self._trouble = error
            self._asked = time.monotonic()
        if self._trouble is not None:
            raise Infrastructure(str(self._trouble))

    def _read(self, phase: int, state: Path) -> Snapshot:
        with self.remote.private(state=state) as repo:
            return read(repo, self.remote, phase)


#: One for all triggers of a triggerer process; a task has its own.
WATCH = Watch()
