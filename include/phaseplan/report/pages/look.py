"""Read what a page says about a branch from the target repository, never from Airflow's database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import repository_for, settings
from phaseplan.ledger.flaky import Flake, flaky
from phaseplan.ledger.records import Deed, Finding, Night
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.predicted_conflicts import EarlyWarning, warnings_about
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.report.attempts import AttemptStatus
from phaseplan.report.pages.diff import Diff, diff_of
from phaseplan.report.pages.forge import compare_url
from phaseplan.report.status import BranchStatus, PhaseStatus, build_status
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

#: Returns the Airflow task that builds a branch; this layer does not know how tasks are named.
TaskOf = Callable[[PhasePlan, str], str]


@dataclass(frozen=True)
class Tried:
    """Hold one attempt with its findings, its base and its head."""

    status: AttemptStatus
    findings: tuple[Finding, ...]
    base: str | None
    head: str | None
    compare: str | None = None  # URL at a known forge


@dataclass(frozen=True)
class BranchLook:
    """Hold all that a page shows about one branch."""

    branch: Branch
    status: BranchStatus
    tried: tuple[Tried, ...]  # newest first
    diff: Diff | None  # of the newest attempt that has commits
    conflicts: tuple[EarlyWarning, ...]
    nights: tuple[tuple[Night, Deed], ...]  # newest first
    flaky: tuple[Flake, ...]

    @property
    def shown(self) -> Tried | None:
        """Return the attempt whose diff is shown."""
        return next((tried for tried in self.tried if tried.head and tried.base), None)


@dataclass(frozen=True)
class Look:
    """Hold a phase, and the branch of the requested task; None if that task builds no branch."""

    plan: PhasePlan
    status: PhaseStatus
    branch: BranchLook | None
    nights: tuple[Night, ...]  # newest first


def look(phase: int, task: str, task_of: TaskOf, *, diff: bool = True) -> Look | None:
    """Read a phase's refs once, for one page.

    :param task: id of the Airflow task.
    :param diff: also read the diff.
    :return: None if neither a plan file on this machine nor a ledger in the repository describes the phase.
    :raises Infrastructure: the repository does not answer.
    """
    configured = settings()
    plans = (loaded.plan for loaded in load_valid(plan_files(configured.plans), configured.agents).plans)
    own_plan = next((plan for plan in plans if plan.phase == phase), None)
    remote = Remote(repository_for(own_plan.repository if own_plan else None))
    with remote.private(state=configured.state) as repo:
        snapshot = read(repo, remote, phase, nights=True)
        plan = snapshot.pinned.plan if snapshot.pinned else own_plan
        if plan is None:
            return None
        run = snapshot.run
        branch = next((b for b in plan if task_of(plan, b.id) == task), None)
        conflicts = warnings_about(repo, snapshot, plan, run.base, branch.id) if run and branch else ()
        status = build_status(snapshot, own_plan, warnings=conflicts)
        branch_look = _branch(repo, remote, snapshot, status, branch, diff) if branch else None
    return Look(plan, status, branch_look, snapshot.nights[::-1])


def _branch(
    repo: GitRepo, remote: Remote, snapshot: Snapshot, status: PhaseStatus, branch: Branch, diff: bool
) -> BranchLook:
    own_status = status.branches[branch.id]
    tried = tuple(_tried(remote, snapshot, branch.id, own_status))[::-1]
    branch_look = BranchLook(
        branch=branch,
        status=own_status,
        tried=tried,
        diff=None,
        conflicts=status.predicted_conflicts,
        nights=tuple((n, n.deeds[branch.id]) for n in snapshot.nights[::-1] if branch.id in n.deeds),
        flaky=tuple(f for f in flaky(snapshot.nights) if f.branch == branch.id),
    )
    shown = branch_look.shown
    if not diff or shown is None or shown.base is None or shown.head is None:
        return branch_look
    return BranchLook(**{**vars(branch_look), "diff": diff_of(repo, shown.base, shown.head)})


def _tried(remote: Remote, snapshot: Snapshot, branch_id: str, status: BranchStatus) -> Iterator[Tried]:
    judged = {verdict.attempt: verdict for verdict in snapshot.verdicts.get(branch_id, ())}
    record = snapshot.folded().branches.get(branch_id)
    for attempt in status.attempts:
        verdict, claim = judged.get(attempt.attempt), snapshot.started.get(branch_id, {}).get(attempt.attempt)
        if record is not None and record.verdict is not None and record.attempt == attempt.attempt:
            verdict = record.verdict  # it holds the findings of integration, too
        base = verdict.base if verdict else claim.base if claim else None
        url = compare_url(remote.url, base, attempt.commit) if base and attempt.commit else None
        yield Tried(attempt, verdict.findings if verdict else (), base, attempt.commit, url)
