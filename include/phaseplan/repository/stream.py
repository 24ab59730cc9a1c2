"""Read long outputs of git as a stream, without holding a repository in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from phaseplan.errors import Infrastructure
from phaseplan.repository.disk import disk_errors, of_git
from phaseplan.repository.repo import GitRepo, Result
from phaseplan.repository.time_limits import limited, too_slow, verb_of, wait
from phaseplan.text.cutting import cut

CHUNK = 1 << 18  # bytes


@dataclass(frozen=True)
class Entry:
    """One entry of a commit's tree."""

    mode: str
    kind: str  # blob | tree | commit
    id: str
    path: str

    @property
    def symlink(self) -> bool:
        """Say whether the entry is a symbolic link."""
        return self.mode == "120000"


def entries(repo: GitRepo, commit: str, *, trees: bool = False) -> list[Entry]:
    """List all entries of a commit's tree, folders among them on request."""
    listed = repo.names("ls-tree", "-r", "-z", "--full-tree", *(["-t"] if trees else []), commit)
    out = []
    for line in listed:
        head, _, path = line.partition("\t")
        mode, kind, oid = head.split()
        out.append(Entry(mode, kind, oid, path))
    return out


@contextmanager
def output(
    repo: GitRepo,
    *args: str,
    feed: Iterable[bytes] = (),
    env: Mapping[str, str] | None = None,
    whole: bool = False,
) -> Iterator[IO[bytes]]:
    """Yield the output of one git command as a stream; leaving early ends the command.

    :param whole: the caller reads to the end, and a failure of git is an error.
    :raises Infrastructure: with `whole`, git failed.
    """
    with disk_errors(), tempfile.TemporaryFile() as stdin:
        stdin.writelines(feed)
        stdin.seek(0)
        inner: Any = repo.begin(*args, stdin=stdin, env=env)
        try:
            with limited(inner.pid, verb := verb_of(args)) as late:
                yield inner.stdout
                broken = whole and inner.wait()
            if late:  # what was read is not all there is
                raise too_slow(verb)
            if broken:
                message = inner.stderr.read().decode("utf-8", "replace").strip()
                raise Infrastructure(f"git {verb} failed with exit code {inner.returncode}: {cut(message)}")
        finally:
            inner.stdout.close()
            inner.stderr.close()
            inner.terminate()
            inner.wait()


def contents(repo: GitRepo, ids: Iterable[str]) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Yield objects as (id, size, pieces), in the given order. Read each to its end before asking for the next.

    :raises Infrastructure: the repository lacks one.
    """
    with output(repo, "cat-file", "--batch", "--buffer", feed=(f"{oid}\n".encode() for oid in ids)) as stream:
        while header := stream.readline():
            oid, *fields = header.decode().split()
            if len(fields) != 2:
                raise Infrastructure(f"git object {oid} is missing from {repo.path}: the repository is damaged")
            size = int(fields[1])
            yield oid, size, _pieces(stream, size)
            stream.read(1)


def take_pack(repo: GitRepo, pack: IO[bytes]) -> Result:
    """Add a pack to a repository; nothing of it is added unless every object and every link is sound."""
    args = ("-c", "core.bigFileThreshold=16m", "index-pack", "--stdin", "--strict", "--threads=1")
    code, out, err = wait(repo.begin(*args, stdin=pack), args)
    err_text = err.decode("utf-8", "replace")
    if code and (full := of_git(err_text, str(repo.path))) is not None:
        raise full  # the branch is not at fault
    return Result(code, out.decode("utf-8", "replace"), err_text)


def paths_within(repo: GitRepo, commit: str, most: int) -> int | None:
    """Count the files of a commit's tree; None if there are more than `most`, which ends the count."""
    count = 0
    with output(repo, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit) as stream:
        while piece := stream.read(CHUNK):
            count += piece.count(b"\0")
            if count > most:
                return None
    return count


def _pieces(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, CHUNK))
        if not piece:
            raise Infrastructure("git cat-file ended in the middle of an object")
        size -= len(piece)
        yield piece
