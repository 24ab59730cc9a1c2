"""Judges the diff of one exact commit: size, ownership, required patterns, and what is hostile anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.phaseplan.plan.agents import AgentProfile
from include.phaseplan.plan.digest import sha256
from include.phaseplan.plan.model import Branch, PhasePlan
from include.phaseplan.plan.patterns import matches
from include.phaseplan.runtime.gates.hostile import hostile
from include.phaseplan.runtime.gates.paths import Change, attributes, changes, commit_with, removal, shown
from include.phaseplan.runtime.gates.required import required
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.records import Finding

_RULES = 1  # raise it when these gates judge differently, so that no old verdict is reused
_MANY = 50  # findings of one kind


@dataclass(frozen=True)
class Judged:
    """A verdict on a diff. `commit` is `raw` without scratch files, the one that counts from here on."""

    commit: str
    lines: int  # added, as the budget counts them
    findings: tuple[Finding, ...]
    paths: tuple[str, ...]  # that changed between base and commit


def judge(repo: GitRepo, plan: PhasePlan, branch: Branch, base: str, raw: str) -> Judged:
    """Judge what `branch` did between `base` and `raw`. A pure function of its arguments and the objects."""
    commit = strip_scratch(repo, plan.gates.scratch_files, base, raw)
    changed = changes(repo, base, commit)
    lines = added_lines(repo, plan, base, commit)
    findings = [*hostile(repo, base, commit), *_budget(plan, lines), *_ownership(plan, branch, changed)]
    findings += _bounded(required(repo, plan, changed))
    if not changed:
        findings.append(Finding(gate="agent", message="wrote nothing: the commit is the same tree as its base"))
    return Judged(commit, lines, tuple(findings), tuple(change.path for change in changed))


def gate_digest(plan: PhasePlan, branch: Branch, profile: AgentProfile) -> str:
    """Digest of everything that decides about a branch's commit besides the commit and its base."""
    return sha256(
        {
            "rules": _RULES,
            "gates": plan.gates.model_dump(mode="json"),
            "owns": branch.owns,
            "shared": [shared.path for shared in plan.shared_with(branch.id)],
            "generated": plan.generated,
            "profile": profile.model_dump(mode="json"),
        }
    )


def strip_scratch(repo: GitRepo, patterns: Sequence[str], base: str, raw: str) -> str:
    """A commit on top of `raw` without scratch files; one that the base has is as it was there."""
    stray = [c for c in changes(repo, base, raw) if patterns and matches(patterns, c.path)]
    wanted = [removal(c.path) if c.added else (c.old_mode, c.old_id, c.path) for c in stray]
    return commit_with(repo, raw, wanted, "Take out scratch files") if wanted else raw


def added_lines(repo: GitRepo, plan: PhasePlan, base: str, commit: str) -> int:
    """Added lines without deletions, binaries and generated paths; a rename counts what it changes."""
    numbers = dict(_numstat(repo, base, commit))
    said = attributes(repo, base, ["linguist-generated"], list(numbers))
    exempt = {p for p, values in said.items() if values.get("linguist-generated") in {"set", "true"}}
    return sum(n for path, n in numbers.items() if path not in exempt and not matches(plan.generated, path))


def _numstat(repo: GitRepo, base: str, commit: str) -> list[tuple[str, int]]:
    parts = repo.run("diff", "--numstat", "-z", "-M", "--no-ext-diff", "--no-textconv", base, commit).out.split("\0")
    out, at = [], 0
    while at < len(parts) - 1:
        added, _, path = parts[at].split("\t", 2)
        if not path:  # a rename: the old and the new path follow
            path, at = parts[at + 2], at + 2
        at += 1
        if added != "-":
            out.append((path, int(added)))
    return out


def _budget(plan: PhasePlan, lines: int) -> list[Finding]:
    limit = plan.gates.max_lines
    if limit is None or lines <= limit:
        return []
    more = "1 line" if lines == limit + 1 else f"{lines - limit} lines"
    said = f"the branch adds {more} too many, not counting generated files: split it or cut it"
    return [Finding(gate="budget", limit=str(limit), actual=str(lines), message=said)]


def _ownership(plan: PhasePlan, branch: Branch, changed: Sequence[Change]) -> list[Finding]:
    if plan.gates.ownership == "off":
        return []
    shared = {entry.path.lstrip("/") for entry in plan.shared_with(branch.id)}
    strange = [c for c in changed if c.path not in shared and not matches((*branch.owns,), c.path)]
    strange = [c for c in strange if not matches(plan.generated, c.path)]
    return _bounded([_not_owned(plan, branch, change) for change in strange])


def _not_owned(plan: PhasePlan, branch: Branch, change: Change) -> Finding:
    owners = [other.id for other in plan if other.id != branch.id and matches(other.owns, change.path)]
    whose = f"it belongs to {', '.join(owners)}" if owners else "nobody owns it"
    said = f"branch {branch.id} may not change this file, {whose}: undo the change, or list the file in the plan"
    return Finding(gate="ownership", file=shown(change.path), message=said)


def _bounded(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= _MANY:
        return findings
    more = len(findings) - _MANY
    return [*findings[:_MANY], Finding(gate=findings[0].gate, message=f"and {more} more files")]
