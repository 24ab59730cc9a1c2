"""Open the pull request of a finished phase once, find it again, and keep its description up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phaseplan.delivery.description import description_of, replaced, title_of, work_in
from phaseplan.delivery.errors import ForgeAway, ForgeRefuses
from phaseplan.delivery.forge import Draft, Forge, PullRequest
from phaseplan.delivery.place import OpenForge
from phaseplan.delivery.record import work_of
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.records import now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan

_TAKEN = (409, 422)  # of a second pull request for the same branches, and of much else


@dataclass(frozen=True)
class Local:
    """Answer what only git knows.

    :param nothing_new: whether the branch that is to get the work has all of it already.
    :param is_part: whether a commit is one of integration.
    """

    nothing_new: Callable[[], bool]
    is_part: Callable[[str], bool]


@dataclass(frozen=True)
class Opening:
    """Bring one phase's pull request to what the ledger says. Doing it twice is doing it once."""

    opened: OpenForge
    snapshot: Snapshot
    plan: PhasePlan
    head: str
    local: Local
    say: Callable[[str], None]

    @property
    def forge(self) -> Forge:
        """Return the forge, for the target repository."""
        return self.opened.forge

    def run(self) -> Delivered | None:
        """Return what there is now; None: there is nothing to deliver, and never was.

        :raises ForgeAway, ForgeRefuses: as the forge's methods.
        """
        work = work_of(self.snapshot)
        known = self._known(work)
        if known is not None and known.state == "open":
            return self._kept(known, work)
        if known is not None and self._work_of(known, work) == work:
            return self._record(known, work)
        if self.local.nothing_new():
            return self._record(known, work) if known else None
        self._check_head()
        return self._created(work)

    def _known(self, work: str) -> PullRequest | None:
        """Return the pull request that is open; else the one of the same work; else the newest that is recorded."""
        record, own = self.snapshot.delivery, refs.integration(self.plan.phase)[11:]
        recorded = self.forge.get(record.number) if record and record.number else None
        if recorded is not None and (recorded.head, recorded.onto) != (own, self.plan.deliver.onto):
            recorded = None  # the plan names another branch now
        if recorded is not None and recorded.state == "open":
            return recorded
        every = list(self.forge.find(own, self.plan.deliver.onto))
        is_open = next((found for found in every if found.state == "open"), None)
        same = next((found for found in every if work_in(self.plan.phase, found.body) == work), None)
        return is_open or same or recorded

    def _work_of(self, known: PullRequest, work: str) -> str:
        """Return which work one that is not open any more was about."""
        if known.tip == self.head:
            return work
        record = self.snapshot.delivery
        recorded = record is not None and record.number == known.number
        return (record.work if record and recorded else "") or work_in(self.plan.phase, known.body)

    def _kept(self, known: PullRequest, work: str) -> Delivered:
        """Write our part of an open one anew; the forge moves the commits with the branch by itself."""
        new = replaced(known.body, description_of(self.snapshot, self.plan, work), self.plan.phase)
        if new != known.body.replace("\r\n", "\n"):
            self.forge.rewrite(known.number, new)
            self.say(f"Pull request {known.number} describes this run now.")
        return self._record(known, work)

    def _check_head(self) -> None:
        """Check that the forge has our very commits: it is the same repository, and has heard of the push."""
        own = refs.integration(self.plan.phase)[11:]
        seen = self.forge.tip(own)
        if seen is None:
            raise ForgeRefuses(
                f"the forge shows no branch {own}, or not to this token. Next: compare `project` (or the target's URL) "
                "with the forge, and let the token see that repository"
            )
        if seen != self.head:
            raise ForgeAway(
                f"the forge shows {own} at {seen[:12]} and not at {self.head[:12]}: either it has not heard of the "
                "last push yet, or `project` names another repository than the target"
            )

    def _created(self, work: str) -> Delivered:
        deliver, own = self.plan.deliver, refs.integration(self.plan.phase)[11:]
        body = description_of(self.snapshot, self.plan, work)
        draft = Draft(title_of(self.plan), body, own, deliver.onto, deliver.draft, deliver.labels)
        try:
            made = self.forge.create(draft)
        except ForgeRefuses as refused:  # where another process has opened it since we looked, it is there now
            found = self._open_now() if refused.status in _TAKEN else None
            if found is None:
                raise
            return self._kept(found, work)
        self.say(f"Opened pull request {made.number}.")
        self._label(made)
        return self._record(made, work)

    def _open_now(self) -> PullRequest | None:
        own = refs.integration(self.plan.phase)[11:]
        return next((f for f in self.forge.find(own, self.plan.deliver.onto) if f.state == "open"), None)

    def _label(self, made: PullRequest) -> None:
        """Put the plan's labels on it; one that cannot be put is no reason to fail."""
        try:
            lacking = self.forge.label(made.number, self.plan.deliver.labels)
        except (ForgeAway, ForgeRefuses) as error:
            self.say(f"Pull request {made.number} has no labels: {error}")
        else:
            if lacking:
                self.say(f"The forge has no label {', '.join(lacking)}; make it there for the next pull request.")

    def _record(self, found: PullRequest, work: str) -> Delivered:
        record = self.snapshot.delivery
        over = found.state != "open"
        kept = record.head if over and record is not None and record.number == found.number else ""
        head = found.tip if self.local.is_part(found.tip) else kept
        taken = (head, found.commit) if found.state == "merged" and found.commit and head else ("", "")
        return Delivered(
            how="pull-request",
            state=found.state,
            onto=found.onto,
            head=head if over else self.head,
            work=self._work_of(found, work) if over else work,
            number=found.number,
            url=self.opened.page(found.url),
            commit=found.commit,
            taken_head=taken[0],
            taken_as=taken[1],
            run=self.snapshot.require_open().run.id,
            time=now(),
        )
