"""Judge the diff of one commit: size, ownership, required patterns, unfinished merges, hostile content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phaseplan.gates.added import FileAdded, added
from phaseplan.gates.hostile import hostile
from phaseplan.gates.lost import Earlier, losses, notes, of_shared
from phaseplan.gates.markers import USUAL
from phaseplan.gates.nothing import nothing
from phaseplan.gates.required import required
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import said, sha256
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import Change, attributes, changes, commit_with, removal, shown
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import entries

_RULES = 3  # raise it when these gates judge differently, so that no old verdict is reused
_MANY = 50  # findings of one kind


@dataclass(frozen=True)
class Judged:
    """A verdict on a diff. `commit` is `raw` without scratch files, the one that counts from here on."""

    commit: str
    lines: int  # added, as the budget counts them
    findings: tuple[Finding, ...]
    paths: tuple[str, ...]  # that changed between base and commit
    notes: tuple[str, ...] = ()  # what nobody forbids and somebody should know


def judge(
    repo: GitRepo,
    plan: PhasePlan,
    branch: Branch,
    base: str,
    raw: str,
    *,
    ground: str | None = None,
    earlier: Sequence[Earlier] = (),
) -> Judged:
    """Judge what `branch` did between `base` and `raw`. A pure function of its arguments and the objects.

    :param ground: the commit that the phase builds on: only its attributes count, because branches of earlier waves
        have written what is in `base`. None: `base` is that commit.
    :param earlier: the other branches whose work is in `base`.
    """
    ground = ground or base
    commit = strip_scratch(repo, plan.gates.scratch_files, base, raw)
    changed = changes(repo, base, commit)
    files = added(repo, base, commit)
    lines = budget_lines(repo, plan, ground, _counted(repo, plan, ground, (base, commit), changed) or files)
    findings = [*hostile(repo, base, commit, ground=ground), *_budget(plan, lines), *_ownership(plan, branch, changed)]
    findings += _bounded(required(repo, plan, changed))
    findings += _bounded(_unfinished(repo, (base, commit), changed, files))
    findings += _bounded(_rejected(repo, commit, changed))
    lost = losses(repo, plan, base, changed, files, earlier)
    findings += _bounded(of_shared(plan, lost))
    if not changed:
        findings.append(nothing(repo, base, raw))
    return Judged(commit, lines, tuple(findings), tuple(change.path for change in changed), notes(lost))


def gate_digest(plan: PhasePlan, branch: Branch, profile: AgentProfile) -> str:
    """Digest of everything that decides about a branch's commit besides the commit and its base."""
    return sha256(
        {
            "rules": _RULES,
            "gates": said(plan.gates),
            "owns": branch.owns,
            "shared": [shared.path for shared in plan.shared_with(branch.id)],
            "generated": plan.generated,
            "profile": said(profile),
        }
    )


def strip_scratch(repo: GitRepo, patterns: Sequence[str], base: str, raw: str) -> str:
    """A commit on top of `raw` without scratch files; one that the base has is as it was there."""
    stray = [c for c in changes(repo, base, raw) if patterns and matches(patterns, c.path)]
    wanted = [removal(c.path) if c.added else (c.old_mode, c.old_id, c.path) for c in stray]
    return commit_with(repo, raw, wanted, "Take out scratch files") if wanted else raw


def budget_lines(repo: GitRepo, plan: PhasePlan, ground: str, files: Sequence[FileAdded]) -> int:
    """Added lines without deletions and generated paths; a rename counts what it changes.

    What is generated, the plan says, and the commit that the phase builds on. A file that this commit calls binary and
    that is, counts nothing; one that only looks so counts the lines that are text.
    """
    said = attributes(repo, ground, ["linguist-generated", "diff"], sorted({file.path for file in files}))
    return sum(file.lines for file in files if not _exempt(plan, file, said[file.path]))


def _counted(
    repo: GitRepo, plan: PhasePlan, ground: str, move: tuple[str, str], changed: Sequence[Change]
) -> list[FileAdded]:
    """The added lines where a file that counts nothing may have been moved to a place where it counts: there it is new.

    Empty: nothing of that kind went away.
    """
    gone = [change.path for change in changed if change.new_mode == "000000"]
    said = attributes(repo, ground, ["linguist-generated", "diff"], gone)
    free = [path for path in gone if _generated(plan, path, said[path]) or said[path].get("diff") == "unset"]
    if not free:
        return []
    return added(repo, commit_with(repo, move[0], [removal(path) for path in free], "Without them"), move[1])


def _generated(plan: PhasePlan, path: str, said: Mapping[str, str]) -> bool:
    return said.get("linguist-generated") in {"set", "true"} or matches(plan.generated, path)


def _exempt(plan: PhasePlan, file: FileAdded, said: Mapping[str, str]) -> bool:
    return _generated(plan, file.path, said) or (file.binary and said.get("diff") == "unset")


def _unfinished(
    repo: GitRepo, move: tuple[str, str], changed: Sequence[Change], files: Sequence[FileAdded]
) -> list[Finding]:
    """A finding for each file that holds conflict markers which the base has not, in that file or in one moved here."""
    sizes = _marker_sizes(repo, move, [file.path for file in files if file.odd_marks])
    found = {
        file.path: min(lines)
        for file in files
        if (lines := [line for size in sizes.get(file.path, (USUAL,)) if (line := file.conflict(size)) is not None])
    }
    if not found:
        return []
    known = {entry.id for entry in entries(repo, move[0])}
    held = {change.path: change.new_id for change in changed}
    said = "holds the markers of a merge that was not finished: decide what stays, and take the markers out"
    return [
        Finding(gate="markers", file=shown(path), line=line, message=said)
        for path, line in found.items()
        if held.get(path) not in known
    ]


def _rejected(repo: GitRepo, commit: str, changed: Sequence[Change]) -> list[Finding]:
    """A finding for each new file in which `patch` or `git apply --reject` left what it could not apply to another."""
    new = [change.path for change in changed if change.added and change.path.endswith(".rej")]
    held = {entry.path for entry in entries(repo, commit)} if new else set()
    said = "holds parts of a patch that were not applied: apply them by hand, and remove this file"
    return [Finding(gate="markers", file=shown(p), message=said) for p in new if p.removesuffix(".rej") in held]


def _marker_sizes(repo: GitRepo, commits: Sequence[str], paths: Sequence[str]) -> dict[str, set[int]]:
    """How long conflict markers may be in some files: git's own size, and what either commit's attributes say."""
    name, found = "conflict-marker-size", {path: {USUAL} for path in paths}
    for commit in commits:
        for path, values in attributes(repo, commit, [name], paths).items():
            if (size := values.get(name, "")).isdecimal():
                found[path].add(int(size))
    return found


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
