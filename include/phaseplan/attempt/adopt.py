"""Adopt a fix that a person pushed as `<branch>-vN`: gate it like an attempt, and leave it its name."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.attempt.harvested import Harvest
from phaseplan.attempt.job import Done, Running, View
from phaseplan.attempt.judge import judge
from phaseplan.attempt.ready import look
from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import NewAttempt, keep_attempt, start_attempt
from phaseplan.merging.workspace import Workspace
from phaseplan.repository.objects import missing
from phaseplan.repository.remote import ROUNDS, pause


@dataclass(frozen=True)
class Pushed:
    """A name `<branch>-vN` on the target that points at work without a verdict."""

    ref: str
    number: int
    commit: str


def pushed(view: View) -> Pushed | None:
    """Find the highest such name. `<branch>` itself is not one: it may be older than the plan."""
    known = {sha for v in view.verdicts for sha in (v.commit, v.raw)}
    taken = {n: sha for n, sha in view.snapshot.taken(view.branch).items() if n > 1 and sha not in known}
    if not taken:
        return None
    number = max(taken)
    return Pushed(f"refs/heads/{refs.public_name(view.branch, number)}", number, taken[number])


def adopt(view: View, found: Pushed, workspace: Workspace) -> Running | Done:
    """Take the work as an attempt of its own and gate it.

    It is kept first and its number is claimed afterwards, so that a start which finds the claim also finds the work.
    """
    job = view.job
    if missing(job.repo, [found.commit]):
        job.remote.fetch(job.repo, f"+{found.ref}:refs/adopted/{view.branch.id}")
    base = _base(view, found, workspace)
    attempt = _claimed(view, found, base)
    job.say(f"Adopting {found.ref[11:]} at {found.commit[:12]} as attempt {attempt}: it is gated, not built again.")
    return judge(look(job), attempt, Harvest(base=base, raw=found.commit))


def _claimed(view: View, found: Pushed, base: str) -> int:
    job, branch = view.job, view.branch
    for round_ in range(ROUNDS):
        kept, begun = view.snapshot.attempts.get(branch.id, {}), view.snapshot.started.get(branch.id, {})
        half = [n for n, sha in kept.items() if sha == found.commit and n not in begun]
        number = half[0] if half else max(found.number, view.snapshot.next_own(branch))
        kept_now = keep_attempt(job.repo, job.remote, job.phase, branch.id, number, found.commit) == found.commit
        new = NewAttempt(job.phase, branch, base, job.claim, view.run.id)
        if kept_now and start_attempt(job.repo, job.remote, new, number):
            return number
        pause(round_)
        view = look(job)
    raise Infrastructure(f"{branch.id}: {ROUNDS} attempt numbers in a row were taken by others on {job.remote}")


def _base(view: View, found: Pushed, workspace: Workspace) -> str:
    """Find what the person started from: the nearest of all commits we handed out, else where the histories part.

    For work that shares no history with us it is the workspace, which it does not descend from: a finding.
    """
    repo, handed = view.job.repo, [c.base for c in view.snapshot.started.get(view.branch.id, {}).values()]
    known = [c for c in (workspace.commit, view.ledger.integration, *handed, view.run.base) if c]
    near = [c for c in dict.fromkeys(known) if not missing(repo, [c]) and repo.is_ancestor(c, found.commit)]
    if near:
        return min(near, key=lambda c: int(repo.line("rev-list", "--count", f"{c}..{found.commit}")))
    parted = repo.run("merge-base", workspace.commit, found.commit, ok=(0, 1)).out.split()
    return parted[0] if parted else workspace.commit
