"""Read and write trees, commits and blobs without a work tree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from phaseplan.errors import Infrastructure
from phaseplan.repository.loose import is_literal, write_commit, write_files, write_object
from phaseplan.repository.repo import GitRepo

#: No configuration or attributes of the machine may decide how a merge comes out: workers differ, results must not.
NEUTRAL = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.attributesFile",
    "GIT_CONFIG_VALUE_0": os.devnull,
}


def write_tree(repo: GitRepo, files: Mapping[str, bytes], *, kept: Mapping[str, str] | None = None) -> str:
    """Write a flat tree of regular files; names without slashes. No git process.

    :param kept: files that the repository holds already, as object ids by name.
    """
    blobs = {name: write_object(repo, "blob", data) for name, data in files.items()}
    return write_files(repo, {**blobs, **(kept or {})})


def commit(repo: GitRepo, tree: str, parents: Sequence[str], message: str, when: int | str) -> str:
    """Make a commit whose id depends only on the arguments. No git process, unless git has something to mend.

    :param parents: one that is named twice is a parent once.
    :param when: author and committer date: seconds since 1970, or ISO 8601.
    """
    seconds = when if isinstance(when, int) else epoch(when)
    if is_literal(tree, parents, message):
        return write_commit(repo, tree, list(dict.fromkeys(parents)), message, seconds)
    args = [arg for parent in parents for arg in ("-p", parent)]
    date = f"@{seconds} +0000"
    env = {**NEUTRAL, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    return repo.run("commit-tree", tree, *args, stdin=message.encode("utf-8", "surrogateescape"), env=env).out.strip()


def epoch(time: str) -> int:
    """Convert an ISO 8601 time to whole seconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp())


def tree_of(repo: GitRepo, commit: str) -> str:
    """Return the id of a commit's tree."""
    return repo.facts(commit).tree


def read_objects(repo: GitRepo, names: Iterable[str]) -> dict[str, bytes | None]:
    """Read objects (`<commit>`, `<commit>:<path>`) in one git process; None for an object that does not exist."""
    return looked_up(repo, (), names)[1]


def looked_up(
    repo: GitRepo, ids: Iterable[str], names: Iterable[str]
) -> tuple[tuple[str, ...], dict[str, bytes | None]]:
    """List those of some commits that the repository lacks, and read objects as `read_objects` does, in one process."""
    unique_ids, unique_names = list(dict.fromkeys(ids)), list(dict.fromkeys(names))
    if not unique_ids and not unique_names:
        return (), {}
    feed = [*(f"info {i}\n" for i in unique_ids), *(f"contents {name}\n" for name in unique_names)]
    out = repo.run("cat-file", "--batch-command", "--buffer", stdin="".join(feed).encode()).out
    data = out.encode("utf-8", "surrogateescape")
    lines = data.split(b"\n", len(unique_ids))
    lacking = tuple(i for i, line in zip(unique_ids, lines[:-1], strict=True) if line.endswith(b" missing"))
    return lacking, _contents(lines[-1], unique_names)


def _contents(data: bytes, names: Iterable[str]) -> dict[str, bytes | None]:
    """Take apart what `cat-file` says of the contents behind some names."""
    contents: dict[str, bytes | None] = {}
    at = 0
    for name in names:
        end = data.index(b"\n", at)
        header = data[at:end].split(b" ")
        at = end + 1
        if header[-1] == b"missing":
            contents[name] = None
            continue
        size = int(header[2])
        contents[name] = data[at : at + size]
        at += size + 1
    return contents


def missing(repo: GitRepo, ids: Iterable[str]) -> tuple[str, ...]:
    """List those of the commits that the repository lacks."""
    return looked_up(repo, ids, ())[0]


def entries(repo: GitRepo, commit: str) -> dict[str, tuple[str, str]]:
    """Return (mode, object id) of every path of a commit."""
    by_path: dict[str, tuple[str, str]] = {}
    for entry in repo.names("ls-tree", "-r", "-z", "--full-tree", commit):
        head, _, path = entry.partition("\t")
        mode, _, sha = head.split(" ")
        by_path[path] = (mode, sha)
    return by_path


Change = tuple[tuple[str, str], tuple[str, str]]  # (mode, id) before and after; GONE where there is none
GONE = ("000000", "0" * 40)


def changes(repo: GitRepo, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Change]]:
    """List what changed from each older commit to its newer one, by path; renames count as both paths. One process."""
    if not pairs:
        return []
    args = ("diff-tree", "--stdin", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", "--always", "--full-index")
    feed = "".join(f"{newer} {older}\n" for older, newer in pairs).encode()
    fields = repo.run(*args, stdin=feed, env=NEUTRAL).out.split("\0")
    comparisons: list[dict[str, Change]] = []
    i = 0
    while i < len(fields) and fields[i]:
        field = fields[i].lstrip("\n")
        if field.startswith(":"):
            before, after, old, new, _ = field[1:].split(" ")
            comparisons[-1][fields[i + 1]] = ((before, old), (after, new))
            i += 2
        else:
            comparisons.append({})
            i += 1
    if len(comparisons) != len(pairs):
        raise Infrastructure(f"git diff-tree answered {len(comparisons)} of {len(pairs)} comparisons")
    return comparisons
