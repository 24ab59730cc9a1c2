"""Read the paths of a commit: changes, attributes of the base, names fit to be shown; make trees from paths."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phaseplan.repository.objects import NEUTRAL
from phaseplan.repository.repo import GitRepo
from phaseplan.text.file_names import visible

_NO_BLOB = "0" * 40


@dataclass(frozen=True)
class Change:
    """One path that differs between two commits; modes are `000000` where it does not exist."""

    path: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str

    @property
    def added(self) -> bool:
        """Say whether the path is new."""
        return self.old_mode == "000000"


def changes(repo: GitRepo, base: str, commit: str) -> tuple[Change, ...]:
    """List all paths that differ; a rename is one removed and one added."""
    parts = repo.names("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, commit)
    out = []
    for head, path in zip(parts[::2], parts[1::2], strict=True):
        old_mode, new_mode, old_id, new_id, _ = head.removeprefix(":").split()
        out.append(Change(path, old_mode, new_mode, old_id, new_id))
    return tuple(out)


def shown(path: str) -> str:
    """Make a path fit to be printed and written as JSON, whatever bytes an agent put into it."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return visible(text)


@contextmanager
def index_of(repo: GitRepo, commit: str) -> Iterator[dict[str, str]]:
    """Yield an environment in which git uses a temporary index that holds a commit."""
    with tempfile.TemporaryDirectory(prefix="index-", dir=repo.path) as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        repo.run("read-tree", commit, env=env)
        yield env


def attributes(repo: GitRepo, base: str, names: Sequence[str], paths: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read git attributes of paths from a commit's own .gitattributes, ignoring the machine's configuration.

    :param base: what the phase builds on. A workspace will not do: branches of earlier waves have changed it.
    """
    values: dict[str, dict[str, str]] = {path: {} for path in paths}
    if not paths:
        return values
    with index_of(repo, base) as env:
        feed = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        neutral = {**NEUTRAL, **env}
        out = repo.run("check-attr", "--cached", "-z", "--stdin", *names, stdin=feed, env=neutral).out.split("\0")
    for path, name, value in zip(out[::3], out[1::3], out[2::3], strict=False):
        values[path][name] = value
    return values


def commit_with(repo: GitRepo, commit: str, wanted: Sequence[tuple[str, str, str]], message: str) -> str:
    """Make a commit on top in which some paths are (mode, id, path); mode `000000` removes. Dates are the parent's.

    Doing it again gives the same id; where nothing differs it is `commit` itself.
    """
    ordered = sorted(wanted, key=lambda entry: entry[0] != "000000")  # removals first: a folder may become a file
    with index_of(repo, commit) as env:
        lines = [f"{mode if mode != '000000' else '0'} {oid}\t{path}" for mode, oid, path in ordered]
        feed = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        repo.run("update-index", "--replace", "-z", "--index-info", stdin=feed, env=env)
        tree = repo.line("write-tree", env=env)
    before = repo.facts(commit)
    if tree == before.tree:
        return commit
    date = f"@{before.time} +0000"
    pinned = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    return repo.line("commit-tree", "-p", commit, "-m", message, tree, env=pinned)


def removal(path: str) -> tuple[str, str, str]:
    """Return the entry with which `commit_with` removes a path."""
    return "000000", _NO_BLOB, path
