"""Move the ledger when a person is asked, and when one has answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.approval import approvals
from phaseplan.ledger.approval.answers import Answered, Approval, Remark
from phaseplan.ledger.approval.approvals import OPENING, WHOLE, NotApproved
from phaseplan.ledger.records import Ledger, State, Token, changed, now
from phaseplan.ledger.run import check_token, reached
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.status_log import point_line
from phaseplan.ledger.write import Change, update
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

#: What a person can choose.
Choice = Literal["Approve", "Send back", "Isolate", "Do not begin"]


class AskAgain(PhaseplanError):
    """An answer cannot be taken as it is: the person is asked once more, and told why."""


@dataclass(frozen=True)
class Answer:
    """Hold what a person chose; `who` empty: no answer came in time."""

    choice: Choice | Literal[""]
    who: str = ""
    words: str = ""
    branches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Hold the phase once a person is asked.

    :param open: an answer is needed; else what is there is approved already.
    :param new: no question about exactly this was asked before, in this run.
    """

    seen: Snapshot
    open: bool
    new: bool


def ask(repo: GitRepo, remote: Remote, token: Token, phase: int, point: str) -> Asked:
    """Write down that a person is asked. Doing it twice is doing it once.

    :raises NotApproved: the point is not reached, so there is nothing to ask.
    :raises Stale: another run holds the ledger.
    """

    new: list[bool] = [False]

    def change(snapshot: Snapshot) -> Change | None:
        check_token(snapshot, token)
        new[0] = False
        _check_reached(snapshot, point)
        if approvals.approved(snapshot, point):
            return None
        old, work = approvals.approval(snapshot, point), approvals.work(snapshot, point)
        same = old is not None and (old.run, old.answer) == (token.run, "")
        if same and old is not None and work.items() <= old.work.items() and bool(work) == bool(old.work):
            return None
        again, new[0] = old.again if same and old is not None else "", True
        asked = Approval(run=token.run, asked=now(), work=work, again=again)
        return Change(_with(snapshot, point, asked), (point_line(point, "ASKED for a person's approval"),))

    seen = update(repo, remote, phase, change)
    return Asked(seen, not approvals.approved(seen, point), new[0])


def check_answer(snapshot: Snapshot, point: str, answer: Answer) -> None:
    """Check that an answer can be carried out.

    :raises AskAgain: it lacks words or branches, or is about other work than was shown.
    """
    asked = approvals.approval(snapshot, point)
    if asked is None:
        raise AskAgain(f"nobody has been asked about {point} in this run")
    strange = [b for b in answer.branches if b not in asked.work]
    if strange and answer.choice in ("Send back", "Isolate"):
        raise AskAgain(
            f"{', '.join(strange)} is not integrated in {point}; it has {', '.join(asked.work) or 'nothing'}"
        )
    if answer.choice == "Send back" and not answer.words.strip():
        raise AskAgain("to send work back, say in `words` what is to be different: the next agent reads it")
    if answer.choice == "Send back" and not asked.work:
        raise AskAgain(f"nothing of {point} is integrated, so there is nothing to send back")
    if answer.choice == "Isolate" and not answer.branches:
        raise AskAgain("to isolate, choose the `branches` that are taken out; the others are approved")
    if not approvals.work(snapshot, point).items() <= asked.work.items():
        raise AskAgain(f"{point} has other work now than was shown when you answered; look at it again")


def answer(repo: GitRepo, remote: Remote, token: Token, phase: int, point: str, given: Answer) -> Approval:
    """Write an answer down: the approval, or the words for the next attempts.

    :raises AskAgain: as `check_answer`; that is written down too.
    :raises Stale: another run holds the ledger.
    """
    written: list[Approval | AskAgain] = []

    def change(snapshot: Snapshot) -> Change:
        check_token(snapshot, token)
        try:
            check_answer(snapshot, point, given)
        except AskAgain as why:
            written.append(why)
            return Change(_again(snapshot, point, str(why)))
        done = _answered(snapshot, point, given)
        written.append(done)
        ledger = _with(snapshot, point, done)
        return Change(_remarked(snapshot, ledger, done), (point_line(point, done.sentence(point)),))

    update(repo, remote, phase, change)
    if isinstance(written[-1], AskAgain):
        raise written[-1]
    return written[-1]


def ask_again(repo: GitRepo, remote: Remote, token: Token, phase: int, point: str, why: str) -> None:
    """Write down why an answer could not be carried out.

    :raises Stale: another run holds the ledger.
    """

    def change(snapshot: Snapshot) -> Change:
        check_token(snapshot, token)
        return Change(_again(snapshot, point, why))

    update(repo, remote, phase, change)


def _check_reached(snapshot: Snapshot, point: str) -> None:
    """Check that what is to be approved is there."""
    plan = snapshot.require_open().plan
    if point == OPENING:
        return
    for earlier in approvals.points(plan):
        if earlier == point:
            break
        if not approvals.approved(snapshot, earlier):
            raise NotApproved(f"{point} is not asked about: {approvals.state(snapshot, earlier)}")
    last = max(w.wave for w in plan.waves if point in (WHOLE, approvals.of_wave(w.wave)))
    reached(snapshot, last + 1)
    out = [b.id for b in plan if snapshot.state(b.id) is not State.INTEGRATED]
    if point == WHOLE and out:
        raise NotApproved(f"{point} is not asked about: {', '.join(out[:8])} is not integrated")


def _answered(snapshot: Snapshot, point: str, given: Answer) -> Approval:
    asked, plan = approvals.approval(snapshot, point), snapshot.require_open().plan
    assert asked is not None  # check_answer has seen it
    kind: Mapping[str, Answered] = {"Send back": "sent back", "Do not begin": "stopped", "": "unanswered"}
    branches, words = given.branches, given.words.strip()
    if given.choice == "Send back":
        branches = branches or tuple(b for b in plan.by_id if b in asked.work)
    elif given.choice != "Isolate":
        branches = ()
    if given.choice == "Approve" and not given.who:
        words = "nobody answered in time, and the plan says to go on then"
    return changed_approval(
        asked,
        answer=kind.get(given.choice, "approved"),
        work=approvals.work(snapshot, point),
        who=given.who,
        when=now(),
        words=words,
        branches=branches,
        again="",
    )


def changed_approval(old: Approval, **fields: object) -> Approval:
    """Copy an approval with some fields replaced, and what people wrote made safe to show."""
    return Approval.model_validate({**old.model_dump(), **fields})


def _with(snapshot: Snapshot, point: str, given: Approval) -> Ledger:
    folded = snapshot.folded()
    return changed(folded, approvals={**folded.approvals, point: given})


def _again(snapshot: Snapshot, point: str, why: str) -> Ledger:
    old = approvals.approval(snapshot, point)
    return _with(snapshot, point, changed_approval(old, again=why)) if old is not None else snapshot.folded()


def _remarked(snapshot: Snapshot, ledger: Ledger, done: Approval) -> Ledger:
    """Keep what was said of each branch that was sent back; its inputs have changed by that."""
    if done.answer != "sent back":
        return ledger
    remarks = dict(ledger.remarks)
    for branch in done.branches:
        record = snapshot.stored(branch)
        remark = Remark(who=done.who, when=done.when, attempt=record.attempt if record else 0, words=done.words)
        remarks[branch] = (*remarks.get(branch, ()), remark)
    return changed(ledger, remarks=remarks)
