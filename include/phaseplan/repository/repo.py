"""Call git: GitPython underneath, plumbing commands above, no hook or prompt ever.

A non-zero exit is not an exception unless the caller says which codes it expects: `merge-tree` exits 1
on a conflict, and only its output tells that from an error. No command waits for ever: see `time_limits`.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import IO, BinaryIO, cast

import git

from phaseplan.errors import Infrastructure
from phaseplan.repository.disk import disk_errors, of_git
from phaseplan.repository.time_limits import MARK, verb_of, wait
from phaseplan.text.cutting import cut

#: Who Phaseplan commits as. Merges use pinned dates besides, so that doing it again gives the same id.
IDENTITY = {
    "GIT_AUTHOR_NAME": "Phaseplan",
    "GIT_AUTHOR_EMAIL": "phaseplan@localhost",
    "GIT_COMMITTER_NAME": "Phaseplan",
    "GIT_COMMITTER_EMAIL": "phaseplan@localhost",
}
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
#: A transport that is none of these runs a program of that name (`ext::sh -c ...`), or reads an open file (`fd::3`).
#: The operator may allow others in the environment.
_TRANSPORTS = {"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"}
_NO_SURPRISES = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false")
ID = re.compile(r"[0-9a-f]{40}")  # of an object, in full
_SAFE = tuple(word for setting in _NO_SURPRISES for word in ("-c", setting))


@dataclass(frozen=True)
class Result:
    """The exit code and the output of one git command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Facts:
    """Hold what a commit says of itself.

    :param time: the committer's date in seconds since 1970; 0 for one that git cannot read, as old tools wrote them.
    """

    tree: str
    parents: tuple[str, ...]
    time: int


class GitError(Infrastructure):
    """git ended with an exit code that the caller did not expect."""

    def __init__(self, args: tuple[str, ...], result: Result) -> None:
        output = result.err.strip() or result.out.strip()
        super().__init__(f"git {verb_of(args)} failed with exit code {result.code}: {cut(output)}")
        self.result = result


class GitRepo:
    """One repository on this machine that belongs to this process alone.

    :param keep: open files that every git started here inherits: a lock on one of them lasts as long as any of these
        processes, also when the one that took it is killed.
    """

    def __init__(self, path: Path, *, keep: tuple[int, ...] = ()) -> None:
        self.path, self._keep = path, keep
        self.read_before: dict[str, bytes] = {}  # contents by `<commit>` or `<commit>:<path>`, which never change
        self.present: set[str] = set()  # commits that were found to be here; none ever goes
        self._facts: dict[str, Facts] = {}  # by a commit's full id
        self._descents: set[tuple[str, str]] = set()  # older and newer commit, by full ids
        self._git = git.Git(str(path))

    @classmethod
    def init(cls, path: Path, *, keep: tuple[int, ...] = ()) -> GitRepo:
        """Make an empty bare repository."""
        with disk_errors():
            path.mkdir(parents=True, exist_ok=True)
        repo = cls(path, keep=keep)
        repo.run("init", "--quiet", "--bare")
        return repo

    def run(
        self,
        *args: str,
        ok: tuple[int, ...] = (0,),
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run one git command in the repository.

        :param ok: exit codes that are answers, not errors.
        :param stdin: fed to git from a real file, as `merge-tree --stdin` wants it.
        :raises GitError: any other exit code.
        :raises DiskFull: it failed because of a disk.
        :raises GitTooSlow: it did not end in time.
        """
        mark = secrets.token_hex(8)
        with disk_errors(), tempfile.TemporaryFile() as feed:
            feed.write(stdin or b"")
            feed.seek(0)
            process = self.begin(*args, stdin=feed, env={**(env or {}), MARK: mark})
            code, out, err = wait(process, args, mark)
        result = Result(code, _text(out), _text(err))
        if code and (full := of_git(result.err, str(self.path))) is not None:
            raise full
        if result.code not in ok:
            raise GitError(args, result)
        return result

    def begin(self, *args: str, stdin: IO[bytes], env: Mapping[str, str] | None = None) -> Popen[bytes]:
        """Start one git command in the repository: every git of this package starts here, with the same options.

        :param stdin: a real file, or the output of another process.
        """
        process: git.Git.AutoInterrupt = self._git.execute(
            ["git", *_SAFE, *args],
            istream=cast("BinaryIO", stdin),
            as_process=True,
            pass_fds=self._keep,
            env={**_transports(), **_QUIET, **IDENTITY, **(env or {})},  # on top of this process's own
        )
        # GitPython's wrapper ends the process when nobody holds the wrapper any more; whoever began it waits for it.
        started, process.proc = process.proc, None
        return cast("Popen[bytes]", started)

    def line(self, *args: str, **kwargs: Mapping[str, str]) -> str:
        """Run a command that prints one line, and return the line."""
        return self.run(*args, env=kwargs.get("env")).out.strip()

    def rev(self, name: str) -> str | None:
        """Return the full id of a commit, or None if there is none of that name."""
        result = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))
        return result.out.strip() or None if result.code == 0 else None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Say whether `older` can be reached from `newer`; a commit reaches itself.

        A descent is asked for once: a way from one commit to another stays. That there is none is asked for each time.
        """
        if (older, newer) in self._descents:
            return True
        is_descent = self.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1)).code == 0
        if is_descent and ID.fullmatch(older) and ID.fullmatch(newer):
            self._descents.add((older, newer))
        return is_descent

    def facts(self, name: str) -> Facts:
        """Read tree, parents and date of a commit; of a full id once, for what an id names never changes."""
        if name not in self._facts:
            line = self.line("rev-list", "-1", "--no-commit-header", "--format=%T,%ct,%P", name)
            tree, time, parents = line.split(",")
            facts = Facts(tree, tuple(parents.split()), int(time or 0))
            if not ID.fullmatch(name):
                return facts
            self._facts[name] = facts
        return self._facts[name]

    def names(self, *args: str) -> tuple[str, ...]:
        """Run a command that prints NUL-separated names (give it `-z`), and return the names."""
        return tuple(n for n in self.run(*args).out.split("\0") if n)

    def changed_paths(self, older: str, newer: str) -> tuple[str, ...]:
        """List paths that differ between two commits; a rename counts as both paths."""
        return self.names("diff", "--name-only", "--no-renames", "-z", older, newer)


def _transports() -> dict[str, str]:
    return {name: os.environ.get(name, value) for name, value in _TRANSPORTS.items()}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
