"""Judge the diff of one commit: size, ownership, required patterns, unfinished merges, hostile content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phaseplan.gates.added import FileAdded, added
from phaseplan.gates.ground import Ground
from phaseplan.gates.hostile import hostile
from phaseplan.gates.lost import Earlier, losses, notes, of_shared
from phaseplan.gates.markers import USUAL
from phaseplan.gates.nothing import nothing
from phaseplan.gates.required import required
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import ASIDE, AgentProfile
from phaseplan.plan.digest import sha256, without_defaults
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import Change, attributes, changes, commit_with, removal, shown
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import entries

_RULES = 3  # raise it when these gates judge differently, so that no old verdict is reused
_MANY = 50  # findings of one kind


@dataclass(frozen=True)
class Judged:
    """Hold a verdict on a diff. `commit` is `raw` without scratch files; all later steps use it."""

    commit: str
    lines: int  # added, as the budget counts them
    findings: tuple[Finding, ...]
    paths: tuple[str, ...]  # that changed between base and commit
    notes: tuple[str, ...] = ()  # what no rule forbids and a person should know


def judge(
    repo: GitRepo,
    plan: PhasePlan,
    branch: Branch,
    base: str,
    raw: str,
    *,
    ground: str | None = None,
    earlier: Sequence[Earlier] = (),
    scratch: Sequence[str] = (),
) -> Judged:
    """Judge what `branch` did between `base` and `raw`. A pure function of its arguments and the objects.

    :param ground: the commit that the phase builds on: only its attributes count, because branches of earlier waves
        have written what is in `base`. None: `base` is that commit.
    :param earlier: the other branches whose work is in `base`.
    :param scratch: patterns of what the agent's program leaves behind; what the branch owns is work all the same.
    """
    commit, changed = raw, changes(repo, base, raw)
    for patterns, owned in ((plan.gates.scratch_files, ()), (scratch, branch.owns)):
        stripped = strip_scratch(repo, patterns, changed, commit, owned=owned)
        changed = changed if stripped == commit else changes(repo, base, stripped)
        commit = stripped
    files, ruling = added(repo, base, commit), Ground(repo, ground or base)
    ruling.attributes([*(change.path for change in changed), *(file.path for file in files)])
    lines = budget_lines(plan, ruling, _counted(repo, plan, ruling, (base, commit), changed) or files)
    findings = [*hostile(repo, base, commit, ground=ruling, changed=changed), *_budget(plan, lines)]
    findings += _ownership(plan, branch, changed)
    findings += _bounded(required(repo, plan, changed))
    findings += _bounded(_unfinished(repo, (base, commit), changed, files))
    findings += _bounded(_rejected(repo, commit, changed))
    removed_lines = losses(repo, plan, base, changed, files, earlier)
    findings += _bounded(of_shared(plan, removed_lines))
    if not changed:
        findings.append(nothing(repo, base, raw))
    return Judged(commit, lines, tuple(findings), tuple(change.path for change in changed), notes(removed_lines))


def gate_digest(plan: PhasePlan, branch: Branch, profile: AgentProfile) -> str:
    """Return the digest of everything, besides commit and base, that decides the verdict on a branch's commit."""
    return sha256(
        {
            "rules": _RULES,
            "gates": without_defaults(plan.gates),
            "owns": branch.owns,
            "shared": [shared.path for shared in plan.shared_with(branch.id)],
            "generated": plan.generated,
            "profile": {key: value for key, value in without_defaults(profile).items() if key not in ASIDE},
        }
    )


def strip_scratch(
    repo: GitRepo, patterns: Sequence[str], changed: Sequence[Change], raw: str, *, owned: Sequence[str] = ()
) -> str:
    """Make a commit on top of `raw` without scratch files; a file that the base has becomes as it was there.

    :param changed: what differs between the base and `raw`.
    :param owned: patterns of what stays, though it looks like scratch.
    """
    stray = [c for c in changed if patterns and matches(patterns, c.path)]
    stray = [c for c in stray if not matches(owned, c.path)] if owned else stray
    restored = [removal(c.path) if c.added else (c.old_mode, c.old_id, c.path) for c in stray]
    return commit_with(repo, raw, restored, "Take out scratch files") if restored else raw


def budget_lines(plan: PhasePlan, ground: Ground, files: Sequence[FileAdded]) -> int:
    """Count added lines without deletions and generated paths; a rename counts what it changes.

    The plan and the attributes in the commit that the phase builds on say what is generated. A file that this commit
    calls binary, and that holds a NUL, counts nothing; a file that only holds a NUL counts the lines that are text.
    """
    attributes_of = ground.attributes(file.path for file in files)
    return sum(file.lines for file in files if not _exempt(plan, file, attributes_of[file.path]))


def _counted(
    repo: GitRepo, plan: PhasePlan, ground: Ground, move: tuple[str, str], changed: Sequence[Change]
) -> list[FileAdded]:
    """Count a file as new that was moved from a place where it counts nothing to a place where it counts.

    Return an empty list if no such file was removed.
    """
    removed = [change.path for change in changed if change.new_mode == "000000"]
    attributes_of = ground.attributes(removed)
    free = [
        path
        for path in removed
        if _generated(plan, path, attributes_of[path]) or attributes_of[path].get("diff") == "unset"
    ]
    if not free:
        return []
    return added(repo, commit_with(repo, move[0], [removal(path) for path in free], "Without them"), move[1])


def _generated(plan: PhasePlan, path: str, values: Mapping[str, str]) -> bool:
    return values.get("linguist-generated") in {"set", "true"} or matches(plan.generated, path)


def _exempt(plan: PhasePlan, file: FileAdded, values: Mapping[str, str]) -> bool:
    return _generated(plan, file.path, values) or (file.binary and values.get("diff") == "unset")


def _unfinished(
    repo: GitRepo, move: tuple[str, str], changed: Sequence[Change], files: Sequence[FileAdded]
) -> list[Finding]:
    """Find files with conflict markers that the base does not hold, neither in that file nor in one moved there."""
    sizes = _marker_sizes(repo, move, [file.path for file in files if file.odd_marks])
    conflict_lines = {
        file.path: min(lines)
        for file in files
        if (lines := [line for size in sizes.get(file.path, (USUAL,)) if (line := file.conflict(size)) is not None])
    }
    if not conflict_lines:
        return []
    base_ids = {entry.id for entry in entries(repo, move[0])}
    new_ids = {change.path: change.new_id for change in changed}
    message = "holds the markers of a merge that was not finished: decide what stays, and take the markers out"
    return [
        Finding(gate="markers", file=shown(path), line=line, message=message)
        for path, line in conflict_lines.items()
        if new_ids.get(path) not in base_ids
    ]


def _rejected(repo: GitRepo, commit: str, changed: Sequence[Change]) -> list[Finding]:
    """Find new files in which `patch` or `git apply --reject` left what it could not apply to another file."""
    new = [change.path for change in changed if change.added and change.path.endswith(".rej")]
    paths = {entry.path for entry in entries(repo, commit)} if new else set()
    message = "holds parts of a patch that were not applied: apply them by hand, and remove this file"
    return [Finding(gate="markers", file=shown(p), message=message) for p in new if p.removesuffix(".rej") in paths]


def _marker_sizes(repo: GitRepo, commits: Sequence[str], paths: Sequence[str]) -> dict[str, set[int]]:
    """Return the possible sizes of conflict markers in files: git's own, and those in either commit's attributes."""
    name, sizes = "conflict-marker-size", {path: {USUAL} for path in paths}
    for commit in commits:
        for path, values in attributes(repo, commit, [name], paths).items():
            if (size := values.get(name, "")).isdecimal():
                sizes[path].add(int(size))
    return sizes


def _budget(plan: PhasePlan, lines: int) -> list[Finding]:
    limit = plan.gates.max_lines
    if limit is None or lines <= limit:
        return []
    more = "1 line" if lines == limit + 1 else f"{lines - limit} lines"
    message = f"the branch adds {more} too many, not counting generated files: split it or cut it"
    return [Finding(gate="budget", limit=str(limit), actual=str(lines), message=message)]


def _ownership(plan: PhasePlan, branch: Branch, changed: Sequence[Change]) -> list[Finding]:
    if plan.gates.ownership == "off":
        return []
    shared = {entry.path.lstrip("/") for entry in plan.shared_with(branch.id)}
    strange = [c for c in changed if c.path not in shared and not matches((*branch.owns,), c.path)]
    strange = [c for c in strange if not matches(plan.generated, c.path)]
    return _bounded([_not_owned(plan, branch, change) for change in strange])


def _not_owned(plan: PhasePlan, branch: Branch, change: Change) -> Finding:
    owners = [other.id for other in plan if other.id != branch.id and matches(other.owns, change.path)]
    ownership = f"it belongs to {', '.join(owners)}" if owners else "nobody owns it"
    message = f"branch {branch.id} may not change this file, {ownership}: undo the change, or list the file in the plan"
    return Finding(gate="ownership", file=shown(change.path), message=message)


def _bounded(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= _MANY:
        return findings
    more = len(findings) - _MANY
    return [*findings[:_MANY], Finding(gate=findings[0].gate, message=f"and {more} more files")]
