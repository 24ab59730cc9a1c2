"""Move the pause of an agent profile by compare-and-swap: with a claim that is let in, with a result, or alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.pause.pauses import Ended, Pause, Paused, after, let_in, stands, told_anew
from phaseplan.ledger.read import read
from phaseplan.ledger.records import PROVIDER, RunRecord, Verdict, now
from phaseplan.ledger.rulings import READY
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.remote import ROUNDS, Remote, Update, pause
from phaseplan.repository.repo import GitRepo


@dataclass
class Admission:
    """Ask, for an attempt that is about to begin, whether it may ask its provider.

    :param forced: a person wants it now: it is let in, whatever the time.
    :param probe: whether it was let in while its profile is paused, and so asks for all others.
    """

    repo: GitRepo
    phase: int
    profile: str
    run: str
    branch: str
    forced: bool = False
    probe: bool = field(default=False, init=False)

    def __call__(self, snapshot: Snapshot, attempt: int) -> Update | None:
        """Return the move that has to come with the claim; None where there is none.

        :raises Paused: the profile is paused, and it is not yet time for the next try.
        """
        held, key = snapshot.pauses.get(self.profile), f"{self.branch}/{attempt}"
        self.probe = held is not None and stands(held)
        if held is None or not self.probe or (key in held.probes and held.run == self.run):
            return None
        new = let_in(held, self.run, key, datetime.now(UTC), forced=self.forced)
        if new is None:
            raise Paused(held, self.branch)
        return moved(self.repo, snapshot, new)

    def enter(self, remote: Remote, snapshot: Snapshot, attempt: int) -> None:
        """Let an attempt in whose number was claimed before.

        :raises Paused: as above.
        """
        for round_ in range(ROUNDS):
            move = self(snapshot, attempt)
            if move is None or remote.push(self.repo, [move]):
                return
            pause(round_)
            snapshot = read(self.repo, remote, self.phase, logs=False)
        raise _too_often(self.profile, remote)


@dataclass
class EndReport:
    """Say what the end of an attempt makes of its profile's pause.

    :param standing: the pause as it is after that, also one that has just ended.
    :param event: whether people are to hear of it.
    """

    repo: GitRepo
    ended: Ended
    standing: Pause | None = field(default=None, init=False)
    event: str = field(default="", init=False)

    def __call__(self, snapshot: Snapshot) -> Update | None:
        """Return the move that comes with the attempt's result; None: nothing changes."""
        old = snapshot.pauses.get(self.ended.profile)
        new = after(old, self.ended, datetime.now(UTC))
        self.standing, self.event = new or old, ""
        if new is None:
            return None
        self.event = "resumed" if new.ended else "paused" if told_anew(old, new) else ""
        return moved(self.repo, snapshot, new)

    def publish(self, remote: Remote, snapshot: Snapshot) -> None:
        """Move the pause alone, as the first good answer of a probe does."""
        for round_ in range(ROUNDS):
            move = self(snapshot)
            if move is None or remote.push(self.repo, [move]):
                return
            pause(round_)
            snapshot = read(self.repo, remote, snapshot.phase, logs=False)
        raise _too_often(self.ended.profile, remote)


def moved(repo: GitRepo, snapshot: Snapshot, new: Pause) -> Update:
    """Write a pause; return the move of its ref from what the snapshot saw."""
    ref = refs.paused(snapshot.phase, new.profile)
    files = {"pause.json": (new.model_dump_json(indent=1) + "\n").encode("utf-8", "replace")}
    word = "Pause" if stands(new) else "End the pause of"
    made = commit(repo, write_tree(repo, files), [], f"{word} a profile of phase {snapshot.phase}\n", now())
    return Update(ref, made, snapshot.paused.get(ref))


def alike(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, profile: str, branch: str) -> tuple[str, ...]:
    """List the other branches of a run that are built by a profile and still have to be."""
    chosen = (b for b in plan if b.id != branch and (not run.branches or b.id in run.branches))
    own = (b.id for b in chosen if (run.agent or plan.profile_of(b)) == profile)
    return tuple(b for b in own if snapshot.state(b) not in READY)


def saying_so(snapshot: Snapshot, run: str, profile: str, branch: str) -> Iterator[str]:
    """Yield the other branches whose newest attempt of the run ended for want of the same profile's provider."""
    for other, verdicts in snapshot.verdicts.items():
        if other != branch and verdicts and lacked(verdicts[-1], run, profile):
            yield other


def lacked(verdict: Verdict, run: str, profile: str) -> bool:
    """Say whether an attempt of a run ended for want of its profile's provider."""
    away = any(finding.gate == PROVIDER for finding in verdict.findings)
    return away and (verdict.outcome, verdict.run, verdict.agent) == ("unfinished", run, profile)


def _too_often(profile: str, remote: Remote) -> Infrastructure:
    return Infrastructure(f"the pause of profile {profile} on {remote} kept changing; try again")
