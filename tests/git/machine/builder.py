"""What a branch task does around its container, at the level of git; it may die anywhere and be started again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from phaseplan.attempt import adopt
from phaseplan.attempt.job import Job, View
from phaseplan.config.settings import settings
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import State, Token, Verdict, changed, now
from phaseplan.ledger.refs import public_name
from phaseplan.ledger.run import check_token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.status_log import status_line
from phaseplan.ledger.write import read
from phaseplan.merging.workspace import Workspace, synthesise
from phaseplan.plan.model import Branch, PhasePlan
from tests.git.lab import PHASE, commit_files
from tests.git.machine.world import Content, Work, Worker, World


@dataclass(frozen=True)
class Order:
    """What a build is to do. `start`: what the agent is given: `workspace`, `integration` or `previous`
    attempt; `gated again` builds nothing."""

    branch: str
    kinds: tuple[str, ...]
    outcome: str = "passed"
    start: str = "workspace"


def build(world: World, worker: Worker, token: Token, order: Order, claim: str) -> Verdict | None:
    """One attempt. Doing it again under the same claim goes on where it stopped.

    :return: None: dependencies conflict with each other, so nothing was started.
    :raises Stale: the run no longer holds the ledger.
    """
    repo, remote = worker.repo, worker.remote
    world.tries[order.branch] += 1
    snapshot = read(repo, remote, PHASE)
    check_token(snapshot, token)
    assert snapshot.pinned
    plan, branch = snapshot.pinned.plan, snapshot.pinned.plan.by_id[order.branch]
    if (known := snapshot.verdict_of(branch.id, claim, token.run)) is not None:
        if known.outcome == "passed":
            results.publish_name(repo, remote, branch, known)
        return known
    if order.start == "gated again" and (newest := snapshot.verdicts.get(branch.id, ())[-1:]):
        return _again(worker, snapshot, newest[0], branch, claim, token)
    base = _base(worker, plan, token, snapshot, branch, order)
    if base is None:
        return None
    if (found := _pushed(worker, snapshot, token, branch, claim)) is not None:
        return _adopt(world, found, branch, order, base)
    number = results.claim_attempt(repo, remote, NewAttempt(PHASE, branch, base, claim, token.run))
    head = _work(world, worker, snapshot, branch, order, number, base)
    assert results.keep_attempt(repo, remote, PHASE, branch.id, number, head) == head
    verdict = _verdict(branch, order, number, token, claim, base, head)
    word = "COMPLETED" if verdict.outcome == "passed" else "FAILED"
    line = status_line(plan, branch, word)
    results.publish_result(repo, remote, verdict, head, [line], kept=head, snapshot=snapshot, branch=branch)
    if verdict.outcome == "passed":
        results.publish_name(repo, remote, branch, verdict)
    return verdict


def _pushed(worker: Worker, snapshot: Snapshot, token: Token, branch: Branch, claim: str) -> View | None:
    """A build's view of a branch for which a person has pushed a repair."""
    ledger = snapshot.folded()
    assert ledger.run and snapshot.pinned
    job = Job(
        phase=PHASE,
        branch_id=branch.id,
        token=token,
        claim=claim,
        remote=worker.remote,
        repo=worker.repo,
        client=None,  # adopting needs no engine until the gates run
        here=settings(),
        say=lambda _: None,
        secrets=lambda _: {},
    )
    view = View(job, snapshot, ledger, ledger.run, snapshot.pinned.plan, branch)
    return view if adopt.pushed(view) and snapshot.state(branch.id) is not State.INTEGRATED else None


def _adopt(world: World, view: View, branch: Branch, order: Order, workspace: str) -> Verdict:
    """What `build.adopt` does, with the machine's verdict in place of the gates."""
    repo, remote, found = view.job.repo, view.job.remote, adopt.pushed(view)
    assert found is not None
    remote.fetch(repo, f"+{found.ref}:refs/adopted/{branch.id}")
    base = adopt._base(view, found, Workspace(workspace, (), None, ""))
    number = adopt._claimed(view, found, base)
    outcome = order.outcome if order.outcome in ("passed", "failed") else "failed"
    world.works[found.commit] = Work(branch.id, number, {}, outcome)
    order = replace(order, outcome=outcome)
    verdict = _verdict(branch, order, number, view.job.token, view.job.claim, base, found.commit)
    verdict = changed(verdict, source="person", name=found.ref[11:])
    results.publish_result(repo, remote, verdict, found.commit, snapshot=view.snapshot, branch=branch)
    if outcome == "passed":
        results.publish_name(repo, remote, branch, verdict)
    return verdict


def _again(
    worker: Worker, snapshot: Snapshot, old: Verdict, branch: Branch, claim: str, token: Token
) -> Verdict | None:
    """The very same commit passes its gates once more."""
    if old.outcome != "passed" or snapshot.state(branch.id) not in (State.ISOLATED, State.BLOCKED):
        return None
    verdict = changed(old, gating=old.gating + 1, claim=claim, run=token.run, finished=now())
    repo, remote = worker.repo, worker.remote
    results.publish_result(repo, remote, verdict, verdict.commit, snapshot=snapshot, branch=branch)
    results.publish_name(repo, remote, branch, verdict)
    return verdict


def _base(
    worker: Worker, plan: PhasePlan, token: Token, snapshot: Snapshot, branch: Branch, order: Order
) -> str | None:
    head = snapshot.ledger.integration if snapshot.ledger and order.start == "integration" else None
    space = synthesise(worker.repo, plan, head or token.base, snapshot, branch, worker.bench)
    return None if space.conflict else space.commit


def _work(
    world: World, worker: Worker, snapshot: Snapshot, branch: Branch, order: Order, number: int, base: str
) -> str:
    """The agent's commit: the same for the same attempt, so that a second try collects what the first did."""
    parent = base
    if order.start == "previous" and (earlier := snapshot.attempts.get(branch.id)):
        last = earlier[max(earlier)]
        parent = last if worker.repo.is_ancestor(base, last) else base
    paths = worker.repo.names("ls-tree", "-r", "-z", "--name-only", parent)
    wanted = [p for p in paths if p in ("f", "list") or (p.startswith("src/") and "generated" in order.kinds)]
    texts = {p: worker.repo.run("show", f"{parent}:{p}").out for p in wanted}
    written = files(branch.id, number, order.kinds, texts)
    head = commit_files(worker.repo, parent, written, f"work on {branch.id} attempt {number}")
    world.works[head] = Work(branch.id, number, written, order.outcome)
    return head


def files(branch: str, attempt: int, kinds: Sequence[str], texts: dict[str, str]) -> Content:
    """What an attempt writes, by kind of work."""
    found: Content = {f"own/{branch}": f"{branch} v{attempt}\n"}
    for kind in kinds:
        if kind in ("mate", "bad"):
            found[f"{kind}/{branch}"] = f"{branch} v{attempt}\n"
    lines = [kind for kind in kinds if kind in ("one", "two", "three")]
    if lines:
        found["f"] = "".join(
            f"{line.split()[0]} by {branch} v{attempt}\n" if line.split()[0] in lines else f"{line}\n"
            for line in texts["f"].splitlines()
        )
    if "union" in kinds:
        found["list"] = texts["list"].replace("z\n", f"{branch} v{attempt}\nz\n")
    if "generated" in kinds:
        found[f"src/{branch}"] = f"{branch} v{attempt}\n"
        sources = {p: t for p, t in texts.items() if p.startswith("src/")} | {f"src/{branch}": f"{branch} v{attempt}\n"}
        found["gen/all"] = "".join(sources[p] for p in sorted(sources))
    return found


def _verdict(branch: Branch, order: Order, number: int, token: Token, claim: str, base: str, head: str) -> Verdict:
    return Verdict.model_validate(
        {
            "phase": PHASE,
            "branch": branch.id,
            "attempt": number,
            "run": token.run,
            "claim": claim,
            "outcome": order.outcome,
            "reason": "" if order.outcome == "passed" else f"it {order.outcome}",
            "base": base,
            "raw": head,
            "commit": head if order.outcome in ("passed", "failed") else None,
            "name": public_name(branch, number) if order.outcome == "passed" else None,
            "finished": now(),
        }
    )
