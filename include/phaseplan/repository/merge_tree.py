"""Merge two commits without a work tree: return the tree, or the conflicting paths and who changed them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from phaseplan.errors import Infrastructure
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import shown
from phaseplan.repository.objects import GONE, NEUTRAL, commit, entries, tree_of
from phaseplan.repository.repo import GitRepo

TRAILER = "Phaseplan-Branch"
_FILE = ("100644", "100755")

Sides = Mapping[str, tuple[str, str]]  # by path the (mode, blob) of the side that was not taken; GONE: it has none


@dataclass(frozen=True)
class Conflict:
    """Explain why a head is out: the paths, and the branches on the other side, whose commit is `tip`.

    :param twins: by path the other side's path that many systems take for the same; empty if git reports a conflict.
    """

    paths: tuple[str, ...]
    opponents: tuple[str, ...]
    tip: str = ""
    twins: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.twins:
            path, other = next(iter(self.twins.items()))
            more = f" (and {len(self.twins) - 1} more)" if len(self.twins) > 1 else ""
            description = f"{shown(path)}, which many systems take for {shown(other)}{more}"
            return f"conflicts with {', '.join(self.opponents)}: {description}"
        more = f" and {len(self.paths) - 5} more" if len(self.paths) > 5 else ""
        return f"conflicts with {', '.join(self.opponents)} in {', '.join(self.paths[:5])}{more}"


def write_attributes(repo: GitRepo, union: Sequence[str]) -> None:
    """Write the plan's merge attributes, and no others: a bare repository ignores committed ones."""
    path = repo.path / "info" / "attributes"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{_quoted(p)} merge=union\n" for p in union), encoding="utf-8")


def _quoted(path: str) -> str:
    literal = re.sub(r"([*?\[\\])", r"\\\1", "/" + path.lstrip("/"))
    escaped = literal.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else "".join(f"\\{b:03o}" for b in c.encode()) for c in escaped) + '"'


def merge_tree(repo: GitRepo, ours: str, theirs: str, generated: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Merge two commits; return the tree and generated paths of which one side was taken, or None and the conflicts."""
    result = repo.run("merge-tree", "--write-tree", "-z", "--no-messages", ours, theirs, ok=(0, 1), env=NEUTRAL)
    tree, *stages = result.out.rstrip("\0").split("\0")
    if result.code == 0:
        return tree, ()
    sides = [(*stage.partition("\t")[0].split(" "), stage.partition("\t")[2]) for stage in stages]
    paths = tuple(dict.fromkeys(side[3] for side in sides))
    if not paths:
        raise Infrastructure(f"git merge-tree {ours} {theirs} exits 1 and names no path")
    if all(side[0] in _FILE and matches(generated, side[3]) for side in sides):
        return _take_ours(repo, tree, sides), paths
    hard = tuple(p for p in paths if not matches(generated, p))
    return None, hard or paths


def _take_ours(repo: GitRepo, tree: str, sides: Sequence[tuple[str, ...]]) -> str:
    """Take our side (or theirs, where we have none) of every conflicting generated path; return the tree."""
    chosen = {
        path: (mode, sha) for mode, sha, stage, path in sorted(sides, key=lambda s: (s[3], -int(s[2]))) if stage != "1"
    }
    return put(repo, tree, chosen)


def put(repo: GitRepo, tree: str, chosen: Mapping[str, tuple[str, str]]) -> str:
    """Replace files of a tree by (mode, blob id), by path; return the new tree."""
    listing = "".join(f"{mode} {sha} 0\t{path}\0" for path, (mode, sha) in chosen.items())
    with tempfile.TemporaryDirectory(dir=repo.path) as folder:
        env = {**NEUTRAL, "GIT_INDEX_FILE": f"{folder}/index"}
        repo.run("read-tree", tree, env=env)
        repo.run("update-index", "-z", "--index-info", stdin=listing.encode("utf-8", "surrogateescape"), env=env)
        return repo.run("write-tree", env=env).out.strip()


def opposite(repo: GitRepo, tip: str, undone: str, generated: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Undo on `tip` what commit `undone` did to its first parent; answer as `merge_tree` does.

    git 2.39 accepts no merge base, so three temporary commits provide it.
    """
    start = commit(repo, tree_of(repo, undone), [], "What is there\n", 0)
    ours = commit(repo, tree_of(repo, tip), [start], "What else happened\n", 0)
    theirs = commit(repo, tree_of(repo, f"{undone}^1"), [start], "What was there before\n", 0)
    return merge_tree(repo, ours, theirs, generated)


def literal(path: str) -> str:
    """Make a pattern that matches exactly one path."""
    return "/" + re.sub(r"([\\*?\[\] ])", r"\\\1", path.lstrip("/"))


def opponents_of(repo: GitRepo, tip: str, head: str, paths: Sequence[str]) -> tuple[str, ...]:
    """List branches whose merges since the two sides parted changed these paths; `the base` if there is none."""
    parted = repo.run("merge-base", tip, head, ok=(0, 1), env=NEUTRAL).out.split()
    span = [tip, *(f"^{p}" for p in parted)]
    form = f"--format=%(trailers:key={TRAILER},valueonly,separator=%x2C)"
    specs = [f":(top,literal){p}" for p in paths[:200]]
    trailers = repo.run("log", "--first-parent", "-m", form, *span, "--", *specs, env=NEUTRAL).out.splitlines()
    branch_ids = {line.strip() for line in trailers if line.strip()} - {""}
    return tuple(sorted(branch_ids)) or ("the base",)


def untaken(repo: GitRepo, tip: str, theirs: str, paths: Sequence[str]) -> Sides:
    """Return a commit's (mode, blob) of paths of which `tip` took another side; GONE where the versions are equal."""
    if not paths:
        return {}
    tip_entries, other_entries = entries(repo, tip), entries(repo, theirs)
    pairs = ((path, tip_entries.get(path, GONE), other_entries.get(path, GONE)) for path in paths)
    return {
        path: GONE if other_side == own_side else other_side
        for path, own_side, other_side in pairs
        if own_side != GONE or other_side != own_side
    }
