"""Deliver a phase once it is complete, and see what became of an earlier delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phaseplan.delivery.errors import ForgeRefuses, NotAsClosed
from phaseplan.delivery.place import OpenForge
from phaseplan.delivery.pull_request import Local, Opening
from phaseplan.delivery.push import push
from phaseplan.delivery.record import keep
from phaseplan.errors import Infrastructure, InputFault, PhaseplanError
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.read import read
from phaseplan.ledger.records import Token, changed, now
from phaseplan.ledger.run import check_token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.phase.close import complete
from phaseplan.plan.delivery import Delivery
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import missing, tree_of
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

#: Opens the forge of a plan's delivery for the repository of a URL.
Forges = Callable[[Delivery, str], OpenForge]


@dataclass(frozen=True)
class DeliveryReport:
    """Hold what a delivery came to.

    :param news: whether it is another than before, which people want to hear of.
    """

    message: str
    record: Delivered | None = None
    news: bool = False
    seen: Snapshot | None = None


class Undelivered(PhaseplanError):
    """The phase is not complete, so nothing was delivered."""


@dataclass(frozen=True)
class Delivering:
    """Deliver one phase for the run that holds it."""

    repo: GitRepo
    remote: Remote
    token: Token
    phase: int
    forges: Forges
    say: Callable[[str], None]

    def run(self) -> DeliveryReport:
        """Deliver, and record it. Doing it twice is doing it once.

        :raises Undelivered: the phase is not complete, as after a run of selected branches.
        :raises Stale: another run holds the phase.
        :raises ForgeAway, ForgeRefuses, OntoMoved, Refused, InputFault: it cannot be delivered; that is recorded too.
        """
        snapshot = read(self.repo, self.remote, self.phase, nights=True)
        opened = check_token(snapshot, self.token)
        plan, head = opened.plan, opened.ledger.integration
        if not complete(snapshot, None) or head is None:
            inside = sum(snapshot.state(b.id) == "integrated" for b in plan)
            raise Undelivered(
                f"phase {self.phase} is not complete ({inside} of {len(plan.by_id)} branches are integrated), so "
                "nothing is delivered. The run that completes it delivers it."
            )
        try:
            _check_closed(snapshot, head)
            record = self._delivered(snapshot, plan, head)
        except (Infrastructure, InputFault) as error:
            self._remember(snapshot, plan, error)
            raise
        if record is None:
            return DeliveryReport(
                f"{plan.deliver.onto} has all of phase {self.phase} already: nothing to deliver", seen=snapshot
            )
        before, after = snapshot.delivery, keep(self.repo, self.remote, snapshot, record)
        return DeliveryReport(f"Delivered: {record}.", record, _differs(before, record), after)

    def _delivered(self, snapshot: Snapshot, plan: PhasePlan, head: str) -> Delivered | None:
        if plan.deliver.how == "push":
            return push(self.repo, self.remote, snapshot, plan, head)
        opened = self.forges(plan.deliver, str(self.remote))
        local = Local(lambda: self._has(snapshot, plan, head), lambda tip: is_part(self.repo, tip, head))
        return Opening(opened, snapshot, plan, head, local, self.say).run()

    def _has(self, snapshot: Snapshot, plan: PhasePlan, head: str) -> bool:
        """Say whether the branch that is to get the work has the very same files, or all commits."""
        ref = f"refs/heads/{plan.deliver.onto}"
        held = snapshot.heads.get(ref)
        if held is None:
            raise InputFault(f"{self.remote} has no branch {plan.deliver.onto} for a pull request. Next: name another")
        if missing(self.repo, [held]):
            self.remote.take(self.repo, [ref], [held])
        return self.repo.is_ancestor(head, held) or tree_of(self.repo, head) == tree_of(self.repo, held)

    def _remember(self, snapshot: Snapshot, plan: PhasePlan, error: PhaseplanError) -> None:
        """Record why it came to nothing, so that `status` and the board say so."""
        old, how = snapshot.delivery, plan.deliver.how
        if how == "none":
            return
        if old is None or old.how != how:
            old = Delivered(how=how, state="failed", onto=plan.deliver.onto)
        run = snapshot.require_open().run.id
        try:
            keep(self.repo, self.remote, snapshot, changed(old, problem=_short(error), run=run, time=now()))
        except Infrastructure as other:
            self.say(f"That the phase was not delivered could not be recorded: {other}")


def look_again(
    repo: GitRepo,
    remote: Remote,
    snapshot: Snapshot,
    deliver: Delivery,
    base: str,
    forges: Forges,
    say: Callable[[str], None],
) -> Snapshot:
    """See, as a run begins, what became of the pull request: what was merged counts as the base's from then on.

    The forge is asked only where one is open and the base has commits that integration has not.

    :param base: the commit that the run begins on.
    :return: the snapshot with what was recorded.
    :raises ForgeAway: the forge does not answer; without its word, work that was merged could be built again.
    """
    old, head = snapshot.delivery, snapshot.ledger.integration if snapshot.ledger else None
    if old is None or old.state != "open" or deliver.how != "pull-request" or head is None:
        return snapshot
    if repo.is_ancestor(base, head):
        return snapshot
    try:
        found = forges(deliver, str(remote)).forge.get(old.number)
    except (ForgeRefuses, InputFault) as error:
        say(f"What became of pull request {old.number} is not known, so only files are compared: {error}")
        return snapshot
    if found is None or found.state == "open":
        return snapshot
    tip = found.tip if is_part(repo, found.tip, head) else old.head
    taken = {"taken_head": tip, "taken_as": found.commit} if found.state == "merged" and found.commit and tip else {}
    new = changed(old, state=found.state, commit=found.commit, head=tip, problem="", time=now(), **taken)
    say(f"Delivered: {new}.")
    return keep(repo, remote, snapshot, new)


def _check_closed(snapshot: Snapshot, head: str) -> None:
    """Check that integration is what the run closed with: what was pushed there since has passed no gate.

    :raises NotAsClosed: it is not.
    """
    own, tonight = refs.integration(snapshot.phase), snapshot.nights[-1] if snapshot.nights else None
    closed = tonight is not None and bool(tonight.integration) and head.startswith(str(tonight.integration))
    if closed and snapshot.heads.get(own) == head:
        return
    held = snapshot.heads.get(own, "")[:12]
    raise NotAsClosed(
        f"{own[11:]} is {f'at {held}' if held else 'gone'}, and the run closed with {head[:12]}: what it holds now has "
        f"passed no gate. Next: run phase {snapshot.phase} again, which takes in what people pushed there"
    )


def is_part(repo: GitRepo, commit: str, head: str) -> bool:
    """Say whether a commit that a forge names is one of integration."""
    return bool(commit) and not missing(repo, [commit]) and repo.is_ancestor(commit, head)


def _differs(before: Delivered | None, record: Delivered) -> bool:
    """Say whether people have not heard of a delivery: another pull request, state or commit that was pushed."""
    if before is None or before.problem:
        return True
    pushed = before.head != record.head if record.how == "push" else False
    return pushed or (before.how, before.number, before.state) != (record.how, record.number, record.state)


def _short(error: PhaseplanError) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
