"""Push a finished phase to the branch that is to get it: a fast-forward, or nothing."""

from __future__ import annotations

from phaseplan.delivery.errors import OntoMoved
from phaseplan.delivery.record import work_of
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.read import read
from phaseplan.ledger.records import changed, now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import missing
from phaseplan.repository.remote import Remote, Update, pause
from phaseplan.repository.repo import GitRepo

_ROUNDS = 10  # of a race for the branch; each reads anew whether it may still be moved


def push(repo: GitRepo, remote: Remote, snapshot: Snapshot, plan: PhasePlan, head: str) -> Delivered:
    """Move the branch to the integration head, from where it was seen; return what is to be recorded.

    :raises OntoMoved: it has commits that integration has not; it is never forced.
    :raises InputFault: there is no such branch.
    :raises Refused: the target does not let it be pushed to.
    """
    onto, run = plan.deliver.onto, snapshot.require_open().run
    for round_ in range(_ROUNDS):
        held = snapshot.heads.get(f"refs/heads/{onto}")
        record = Delivered(
            how="push",
            state="pushed",
            onto=onto,
            head=head,
            work=work_of(snapshot),
            commit=head,
            run=run.id,
            time=now(),
        )
        if held is None:
            raise InputFault(
                f"{remote} has no branch {onto} to push phase {plan.phase} to. Next: make it, or name another"
            )
        if missing(repo, [held]):
            remote.take(repo, [f"refs/heads/{onto}"], [held])
        if repo.is_ancestor(head, held):
            return record  # it has the work already
        if (old := snapshot.delivery) is not None and _same(old, record) and _has(repo, old.head, held):
            return changed(old, problem="")  # integration has only taken in what is there
        if not repo.is_ancestor(held, head):
            raise _moved(repo, snapshot, plan, head, held)
        if remote.push(repo, [Update(f"refs/heads/{onto}", head, held)]):
            return record
        pause(round_)
        snapshot = read(repo, remote, snapshot.phase)
    raise Infrastructure(f"{onto} on {remote} was moved by others {_ROUNDS} times in a row; try again")


def _same(old: Delivered, record: Delivered) -> bool:
    """Say whether the very same work was pushed to the same branch before."""
    return (old.how, old.state, old.onto, old.work) == (record.how, record.state, record.onto, record.work)


def _has(repo: GitRepo, commit: str, held: str) -> bool:
    return not missing(repo, [commit]) and repo.is_ancestor(commit, held)


def _moved(repo: GitRepo, snapshot: Snapshot, plan: PhasePlan, head: str, held: str) -> OntoMoved:
    """Say how far the branch has moved, and what brings the two together."""
    count = repo.line("rev-list", "--count", held, f"^{head}")
    run, onto, own = snapshot.require_open().run, plan.deliver.onto, refs.integration(plan.phase)[11:]
    step = f"run phase {plan.phase} again: it takes in {onto} as it is now, runs the gates on that, and pushes it"
    if run.base_name != onto:
        step = f"merge {onto} into {own}, push that, and run phase {plan.phase} again; its base is {run.base_name}"
    commits = "1 commit" if count == "1" else f"{count} commits"
    return OntoMoved(f"{onto} has moved: it has {commits} that {own} has not, so it was not pushed to. Next: {step}")
