"""Find lines of earlier branches of the phase that a branch removes without a conflict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from phaseplan.gates.added import FileAdded
from phaseplan.ledger.records import Finding
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import Change, shown
from phaseplan.repository.objects import changes as changed_by
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import contents, entries

_LONGEST = 4 << 20  # bytes of a file that is compared
_MANY = 10  # lines that are worth a word however many there were
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{2}")
_NOBODY = "0" * 40

Lines = Counter[bytes]


@dataclass(frozen=True)
class Earlier:
    """A branch whose work is in a workspace: where that began, and its judged commit."""

    id: str
    base: str
    commit: str


@dataclass(frozen=True)
class Loss:
    """Lines of one file that an earlier branch added and that are gone."""

    branch: str
    path: str
    lines: int
    of: int

    def __str__(self) -> str:
        return f"removes {self.lines} of {self.of} lines that {self.branch} added to {shown(self.path)}"


def within(repo: GitRepo, snapshot: Snapshot, ground: str, base: str, branch_id: str) -> tuple[Earlier, ...]:
    """The other branches whose judged work a workspace contains, with their newest commit in it.

    :param ground: the commit that the phase builds on.
    """
    held = set(repo.run("rev-list", base, f"^{ground}").out.split())
    found = []
    for other, verdicts in snapshot.verdicts.items():
        mine = [v for v in verdicts if v.commit in held]
        if mine and other != branch_id:
            found.append(Earlier(other, mine[-1].base, str(mine[-1].commit)))
    return tuple(found)


def losses(
    repo: GitRepo,
    plan: PhasePlan,
    base: str,
    changed: Sequence[Change],
    files: Sequence[FileAdded],
    earlier: Sequence[Earlier],
) -> list[Loss]:
    """What the change of a branch removes of what earlier ones added, by file; only files that both touched are read.

    A line that only moves within its file stays, and so does one in a file that is renamed. Lines without a word, white
    space, and the comma at an end do not count.
    """
    mine = _successors(changed, files, plan)
    if not mine or not earlier:
        return []
    work = changed_by(repo, [(e.base, e.commit) for e in earlier])
    here: set[str] | None = None
    pairs: list[tuple[Earlier, str, str, tuple[str, str]]] = []  # who, their path, ours, their blobs
    for other, paths in zip(earlier, work, strict=True):
        for path, (before, after) in paths.items():
            if path in mine:
                pairs.append((other, path, path, (before[1], after[1])))
            elif after[1] != _NOBODY:
                here = {e.path for e in entries(repo, base)} if here is None else here
                if path not in here:  # somebody moved it since
                    pairs += [(other, path, p, (before[1], after[1])) for p in mine if p not in paths]
    texts = texts_of(repo, [i for *_, ids in pairs for i in ids] + [i for _, _, p, _ in pairs for i in mine[p]])
    return list(_found(pairs, mine, texts))


def _found(
    pairs: Iterable[tuple[Earlier, str, str, tuple[str, str]]],
    mine: Mapping[str, tuple[str, str]],
    texts: Mapping[str, Lines],
) -> Iterator[Loss]:
    for other, theirs, path, (before, after) in pairs:
        added = texts[after] - texts[before]
        was, now = (texts[i] for i in mine[path])
        present = added & was
        if theirs != path and 2 * present.total() < added.total():
            continue
        if gone := (present & (was - now)).total():
            yield Loss(other.id, path, gone, added.total())


def _successors(changed: Sequence[Change], files: Sequence[FileAdded], plan: PhasePlan) -> dict[str, tuple[str, str]]:
    """Blobs (before, after) of the files that a branch changed or removed; a renamed one's is where it is now."""
    new = {change.path: change.new_id for change in changed}
    moved = {file.source: new.get(file.path, _NOBODY) for file in files if file.source and file.source != file.path}
    whole = {change.new_id for change in changed if change.added}
    found = {}
    for change in changed:
        if change.old_mode.startswith("100") and not matches(plan.generated, change.path):
            gone = change.new_mode == "000000"
            if not (gone and change.old_id in whole):
                found[change.path] = (change.old_id, moved.get(change.path, change.new_id) if gone else change.new_id)
    return found


def texts_of(repo: GitRepo, ids: Iterable[str]) -> dict[str, Lines]:
    """The lines of blobs that say something, without white space and the comma at their end."""
    wanted = dict.fromkeys(ids)
    out: dict[str, Lines] = {_NOBODY: Counter()}
    for oid, size, pieces in contents(repo, (i for i in wanted if i != _NOBODY)):
        if size > _LONGEST:
            for _ in pieces:
                pass
            out[oid] = Counter()
            continue
        out[oid] = lines_of(b"".join(pieces))
    return out


def lines_of(data: bytes) -> Lines:
    """The lines of a text that hold a word, as they are compared."""
    found = (b"".join(line.split()).rstrip(b",;") for line in data.splitlines())
    return Counter(line for line in found if _WORD.search(line))


def notes(found: Sequence[Loss]) -> tuple[str, ...]:
    """Losses that a person should know of: a quarter of what somebody added, or many lines."""
    return tuple(str(loss) for loss in found if 4 * loss.lines >= loss.of or loss.lines >= _MANY)


def of_shared(plan: PhasePlan, found: Sequence[Loss]) -> list[Finding]:
    """Findings: in a file of which merges keep every branch's lines, a branch takes out nobody else's."""
    union = {shared.path.lstrip("/") for shared in plan.shared_files if shared.merge == "union"}
    said = "and merges keep every branch's lines of this file (merge: union): put them back"
    return [
        Finding(gate="shared", file=shown(loss.path), message=f"{loss}, {said}") for loss in found if loss.path in union
    ]
