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
_MANY = 10  # removed lines that are reported whatever their share
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]{2}")
_NO_BLOB = "0" * 40

Lines = Counter[bytes]


@dataclass(frozen=True)
class Earlier:
    """Identify a branch whose work is in a workspace: the commit that it began from, and its judged commit."""

    id: str
    base: str
    commit: str


@dataclass(frozen=True)
class Loss:
    """Count lines of one file that an earlier branch added and that are gone."""

    branch: str
    path: str
    lines: int
    of: int

    def __str__(self) -> str:
        return f"removes {self.lines} of {self.of} lines that {self.branch} added to {shown(self.path)}"


def within(repo: GitRepo, snapshot: Snapshot, ground: str, base: str, branch_id: str) -> tuple[Earlier, ...]:
    """List the other branches whose judged work a workspace contains, with their newest commit in it.

    :param ground: the commit that the phase builds on.
    """
    ancestors = set(repo.run("rev-list", base, f"^{ground}").out.split()) if base != ground else set()
    if not ancestors:
        return ()
    earlier = []
    for other, verdicts in snapshot.verdicts.items():
        contained = [v for v in verdicts if v.commit in ancestors]
        if contained and other != branch_id:
            earlier.append(Earlier(other, contained[-1].base, str(contained[-1].commit)))
    return tuple(earlier)


def losses(
    repo: GitRepo,
    plan: PhasePlan,
    base: str,
    changed: Sequence[Change],
    files: Sequence[FileAdded],
    earlier: Sequence[Earlier],
) -> list[Loss]:
    """Count, by file, the lines of earlier branches that a branch removes; only files that both changed are read.

    A line that only moves within its file stays, and so does one in a file that is renamed. Lines without a word, white
    space, and the comma at an end do not count.
    """
    own_files = _successors(changed, files, plan)
    if not own_files or not earlier:
        return []
    work = changed_by(repo, [(e.base, e.commit) for e in earlier])
    base_paths: set[str] | None = None
    pairs: list[tuple[Earlier, str, str, tuple[str, str]]] = []  # earlier branch, its path, our path, its blobs
    for other, paths in zip(earlier, work, strict=True):
        for path, (before, after) in paths.items():
            if path in own_files:
                pairs.append((other, path, path, (before[1], after[1])))
            elif after[1] != _NO_BLOB:
                base_paths = {e.path for e in entries(repo, base)} if base_paths is None else base_paths
                if path not in base_paths:  # it was moved since
                    pairs += [(other, path, p, (before[1], after[1])) for p in own_files if p not in paths]
    texts = texts_of(repo, [i for *_, ids in pairs for i in ids] + [i for _, _, p, _ in pairs for i in own_files[p]])
    return list(_losses(pairs, own_files, texts))


def _losses(
    pairs: Iterable[tuple[Earlier, str, str, tuple[str, str]]],
    own_files: Mapping[str, tuple[str, str]],
    texts: Mapping[str, Lines],
) -> Iterator[Loss]:
    """Compare the lines of each pair of files, and yield what the branch removed."""
    for other, earlier_path, path, (before, after) in pairs:
        added = texts[after] - texts[before]
        was, now = (texts[i] for i in own_files[path])
        present = added & was
        if earlier_path != path and 2 * present.total() < added.total():
            continue
        if removed := (present & (was - now)).total():
            yield Loss(other.id, path, removed, added.total())


def _successors(changed: Sequence[Change], files: Sequence[FileAdded], plan: PhasePlan) -> dict[str, tuple[str, str]]:
    """Return blobs (before, after) of the files that a branch changed or removed; a renamed one's by its old path."""
    new = {change.path: change.new_id for change in changed}
    moved = {file.source: new.get(file.path, _NO_BLOB) for file in files if file.source and file.source != file.path}
    whole = {change.new_id for change in changed if change.added}
    blobs = {}
    for change in changed:
        if change.old_mode.startswith("100") and not matches(plan.generated, change.path):
            is_removed = change.new_mode == "000000"
            if not (is_removed and change.old_id in whole):
                blobs[change.path] = (
                    change.old_id,
                    moved.get(change.path, change.new_id) if is_removed else change.new_id,
                )
    return blobs


def texts_of(repo: GitRepo, ids: Iterable[str]) -> dict[str, Lines]:
    """Read the lines of blobs that hold a word, without white space and without the comma at their end."""
    blob_ids = dict.fromkeys(ids)
    out: dict[str, Lines] = {_NO_BLOB: Counter()}
    for oid, size, pieces in contents(repo, (i for i in blob_ids if i != _NO_BLOB)):
        if size > _LONGEST:
            for _ in pieces:
                pass
            out[oid] = Counter()
            continue
        out[oid] = lines_of(b"".join(pieces))
    return out


def lines_of(data: bytes) -> Lines:
    """Count the lines of a text that hold a word, in the form in which they are compared."""
    lines = (b"".join(line.split()).rstrip(b",;") for line in data.splitlines())
    return Counter(line for line in lines if _WORD.search(line))


def notes(losses_found: Sequence[Loss]) -> tuple[str, ...]:
    """Describe losses that a person should know of: a quarter of what a branch added, or many lines."""
    return tuple(str(loss) for loss in losses_found if 4 * loss.lines >= loss.of or loss.lines >= _MANY)


def of_shared(plan: PhasePlan, losses_found: Sequence[Loss]) -> list[Finding]:
    """Find losses in files with `merge: union`, where a branch may not remove another branch's lines."""
    union = {shared.path.lstrip("/") for shared in plan.shared_files if shared.merge == "union"}
    message = "and merges keep every branch's lines of this file (merge: union): put them back"
    return [
        Finding(gate="shared", file=shown(loss.path), message=f"{loss}, {message}")
        for loss in losses_found
        if loss.path in union
    ]
