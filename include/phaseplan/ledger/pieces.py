"""Tell a record that has arrived only in part from one that is damaged."""

from __future__ import annotations

from collections.abc import Iterable

from phaseplan.errors import Infrastructure
from phaseplan.repository.objects import missing
from phaseplan.repository.repo import GitRepo


class HalfThere(Infrastructure):
    """A commit is here and what belongs to it is not."""


def check_whole(repo: GitRepo, names: Iterable[str]) -> None:
    """Find out why objects could not be read.

    :param names: `<commit>` or `<commit>:<path>`, path without folders.
    :raises HalfThere: this repository has lost them. A commit that simply has no such path raises nothing.
    """
    for name in names:
        commit, _, path = name.partition(":")
        listed = repo.run("ls-tree", "-z", commit, ok=tuple(range(256)))
        entries = (entry.partition("\t") for entry in listed.out.split("\0") if entry)
        blobs = [head.split()[2] for head, _, found in entries if found == path]
        if listed.code or missing(repo, blobs):
            raise HalfThere(
                f"{commit[:12]} is here, and {path or 'the rest of it'} is not. The next try fetches it again; "
                "where that does not help, run `git fsck` in the target."
            )
