"""Decide for each integrated branch of a repeated run: reuse, gate again or build. Pure; changes nothing.

The base counts as one of a branch's inputs where it changed a file that the branch owns or shares, and not merely by
taking the branch's own work in. Everything else of the base is what gates are for: they run on the merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phaseplan.attempt.inputs import outdated
from phaseplan.gates.diff import judge
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.records import Due, Finding, Verdict
from phaseplan.phase.situation import Situation
from phaseplan.plan.model import Branch
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.objects import GONE, changes


@dataclass(frozen=True)
class Owed:
    """Hold what is due, and the findings that the next attempt of a branch to be built anew is given."""

    due: Due
    findings: tuple[Finding, ...] = ()


def dues(night: Situation) -> dict[str, Owed]:
    """Decide what the run owes every integrated branch it is about."""
    found = {b: _owed(night, b, verdict) for b, verdict in night.inside.items() if b in night.chosen}
    for root in [b for b, owed in found.items() if owed.due.kind == "build"]:
        if kept := [b for b in night.needing(root) if b not in night.chosen]:
            why = f"{found[root].due.why}; but {kept[0]} needs it as it is and is not selected"
            found[root] = Owed(Due(kind="gate" if night.moved else "reuse", why=why))
            continue
        for needing in night.needing(root):
            if found[needing].due.kind != "build":
                found[needing] = Owed(Due(kind="build", why=f"it needs {root}, which is built anew"))
    return found


def _owed(night: Situation, branch_id: str, verdict: Verdict) -> Owed:
    if branch_id in night.unplanned:
        return Owed(Due(kind="build", why="it is not in the plan any more"))
    branch = night.plan.by_id[branch_id]
    inputs = night.inputs(branch, verdict)
    renewed = schemes.of(verdict.inputs) != schemes.CURRENT or inputs["version"] != verdict.inputs.get("version")
    gates = renewed or inputs["gates"] != verdict.inputs.get("gates")
    if landed(night, verdict):
        why = f"its work is part of {night.base_name}"
    else:
        reasons = [*_asked(night), *outdated(inputs, verdict), *_based(night, branch, verdict)]
        findings = _judged(night, branch, verdict) if gates and not reasons else ()
        if reasons or findings:
            return Owed(Due(kind="build", why="; ".join(reasons) or str(findings[0])), findings)
        why = ""
    if night.moved:
        why = f"{night.base_name} moved to {night.run.base[:12]}"
    elif gates:
        why = "Phaseplan changed" if renewed else "its gates changed"
    return Owed(Due(kind="gate" if night.moved or gates else "reuse", why=why))


def _asked(night: Situation) -> list[str]:
    return ["the run asks for new work"] if night.run.rebuild == "always" else []


def _based(night: Situation, branch: Branch, verdict: Verdict) -> list[str]:
    """Explain how the base changed what a branch owns or shares, to something that integration has not; else
    nothing."""
    seen = (*branch.owns, *(shared.path for shared in night.plan.shared_with(branch.id)))
    before, now, inside = (night.tree(c) for c in (_base_of(verdict), night.run.base, night.head))
    strange = [
        path
        for path in sorted(before.keys() | now.keys())
        if now.get(path, GONE) not in (before.get(path, GONE), inside.get(path, GONE)) and matches(seen, path)
    ]
    if not strange:
        return []
    more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
    return [f"{night.base_name} changed {strange[0]}{more}, which it works on"]


def landed(night: Situation, verdict: Verdict) -> bool:
    """Say whether the base has taken a branch's work in, by a merge or as a copy: then it is the base's, and stays."""
    if verdict.commit is None:
        return False
    if night.repo.is_ancestor(verdict.commit, night.run.base):
        return True
    work = changes(night.repo, [(verdict.base, verdict.commit)])[0]
    paths = [path for path in work if not matches(night.plan.generated, path)]
    before, now, inside = (night.tree(c) for c in (_base_of(verdict), night.run.base, night.head))
    same = all(now.get(path, GONE) == inside.get(path, GONE) for path in paths)
    return same and any(now.get(path, GONE) != before.get(path, GONE) for path in paths)


def _base_of(verdict: Verdict) -> str:
    """Return the base that a branch was built on; of a verdict that does not name it, its workspace."""
    return verdict.run_base or verdict.base


def _judged(night: Situation, branch: Branch, verdict: Verdict) -> tuple[Finding, ...]:
    """Judge the diff as it is by the diff gates as they are now. Their commands run later, on the merge."""
    raw = verdict.raw or verdict.commit or verdict.base
    built_by = night.pinned.profiles.get(verdict.agent)
    scratch = built_by.scratch if built_by else ()
    judged = judge(night.repo, night.plan, branch, verdict.base, raw, ground=night.run.base, scratch=scratch)
    if judged.findings or judged.commit == verdict.commit:
        return judged.findings
    return (Finding(gate="scratch", message="it carries files that the plan calls scratch files now"),)


def words(found: Mapping[str, Owed]) -> Iterable[str]:
    """Yield the decision for a log: which branch is built anew or gated again and why, which is reused."""
    for kind, verb in (("build", "built anew"), ("gate", "gated again")):
        for branch, owed in found.items():
            if owed.due.kind == kind:
                yield f"{branch} is {verb}: {owed.due.why}."
    reused = [branch for branch, owed in found.items() if owed.due.kind == "reuse"]
    if reused:
        yield f"Reused as they are, no container: {', '.join(reused)}."
