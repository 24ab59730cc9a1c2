"""Read what earlier attempts of a branch came to: where to start, and what failed."""

from __future__ import annotations

from phaseplan.attempt.gate_containers import bench
from phaseplan.attempt.job import View
from phaseplan.ledger.records import Finding, State, Verdict
from phaseplan.merging.chain import Head, chain_merge
from phaseplan.merging.regenerate import remade, remakable
from phaseplan.merging.workspace import union_paths
from phaseplan.repository.objects import NEUTRAL

_DIFF_BYTES = 1 << 20


def base_of(view: View) -> str:
    """Choose the commit that the workspace of the next attempt is made from.

    The run's base; but the head of integration (with the run's base merged in, if it moved) for a branch that was
    isolated by a merge, so that its agent sees what it conflicts with. A branch that is only outdated had no conflict.
    """
    repo, head = view.job.repo, view.ledger.integration
    record = view.record
    if head is None or not view.snapshot.stopped(view.branch.id) or (record and record.cause == "outdated"):
        return view.run.base
    if repo.is_ancestor(view.run.base, head):
        return head
    moved = Head("base", view.run.base, view.run.base_name)
    merged = chain_merge(repo, head, [moved], union=union_paths(view.plan), generated=remakable(view.plan))
    if merged.conflicted:
        return head
    return remade(repo, view.plan, merged.commit, merged.sides, bench(view, 0)) if merged.sides else merged.commit


def kept(view: View) -> Verdict | None:
    """Return the verdict of a branch that is integrated already: opening the run has decided that it stays."""
    record = view.record
    return record.verdict if record is not None and record.state is State.INTEGRATED else None


def reusable(view: View, key: str) -> Verdict | None:
    """Return the newest verdict if it passed on the same inputs and the run does not ask for new work."""
    newest = view.verdicts[-1] if view.verdicts else None
    if view.run.rebuild == "always" or newest is None or newest.outcome != "passed" or newest.key != key:
        return None
    return None if view.snapshot.stopped(view.branch.id) else newest


def sank(view: View) -> tuple[Finding, ...]:
    """Return the findings of the newest attempt that was judged and is out, for the next one."""
    known = (view.record, view.ledger.branches.get(view.branch.id))
    record = next((r for r in known if r is not None and r.verdict is not None), None)  # a running one has no verdict
    if view.snapshot.stopped(view.branch.id) and record is not None and record.verdict is not None:
        against = any(not finding.informs for finding in record.verdict.findings)
        return record.verdict.findings if against else (Finding(gate="integration", message=record.reason),)
    verdict = _judged(view)
    return verdict.findings if verdict is not None else ()


def noted(view: View) -> tuple[str, ...]:
    """Return the notes of that attempt, for the next one."""
    verdict = _judged(view)
    return verdict.notes if verdict is not None else ()


def previous(view: View) -> bytes | None:
    """Return the change of that attempt as a patch; None if there is none to show or it is longer than 1 MiB."""
    verdict = _judged(view)
    if verdict is None or verdict.raw is None:
        return None
    plain = ("diff-tree", "-p", "-r", "--no-ext-diff", "--no-textconv", "--no-renames")
    patch = view.job.repo.run(*plain, verdict.base, verdict.raw, env=NEUTRAL).out.encode("utf-8", "surrogateescape")
    return patch if 0 < len(patch) <= _DIFF_BYTES else None


def _judged(view: View) -> Verdict | None:
    """Find the newest attempt that tells about the work: failed, or passed and then thrown out."""
    newest = next((v for v in reversed(view.verdicts) if v.outcome in ("failed", "passed")), None)
    return newest if newest and (newest.outcome == "failed" or view.snapshot.stopped(view.branch.id)) else None
