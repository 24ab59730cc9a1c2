"""Read and move the refs of the target repository, the only thing that workers share.

A push that is answered for, ref by ref, is looked at by whoever reads next, or with `see` (docs/decisions/033).
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan.login import parted
from phaseplan.repository.cache import PrivateRepo, kept, private_repo
from phaseplan.repository.locks import local, lock_age, named, release, sweep
from phaseplan.repository.logins import environment, hidden, login_of
from phaseplan.repository.objects import missing
from phaseplan.repository.refusals import (
    Refused,
    RepositoryUnreachable,
    clash,
    clash_of,
    refusal,
    settled,
    unreadable,
)
from phaseplan.repository.repo import GitRepo, Result
from phaseplan.repository.time_limits import verb_of
from phaseplan.text.cutting import cut

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")  # up to the last @: a password may hold one
_GONE = ("could not read from remote", "unable to access")
_PATIENCE = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=120")  # a dead server must not hold a worker

ROUNDS = 100  # of a compare-and-swap that keeps losing; of four racers one lost 21 in a row
LOCKED = 8  # pushes refused by a lock before we say so; on another machine's target they take some ten seconds


class Lost(Infrastructure):
    """The target said that it took a ref and has not got it."""


class BaseMissing(InputFault):
    """The branch, tag or commit that a run should start from does not exist."""


@dataclass(frozen=True)
class Update:
    """One ref to move. `old` None: it must not exist yet; `new` None: delete it.

    :param must: it stays as it is, and the others move only where it is there as `old`.
    """

    ref: str
    new: str | None
    old: str | None
    must: bool = False


class Remote:
    """One target repository by URL or path; `url` never has a password in it."""

    def __init__(self, url: str) -> None:
        address, self._given = parted(url)
        self.url = str(Path(address).resolve()) if "://" not in address and Path(address).exists() else address

    def __str__(self) -> str:
        return _CREDENTIALS.sub("", self.url)

    @cached_property
    def _login(self) -> str:
        return self._given or login_of(self.url)

    @cached_property
    def _door(self) -> dict[str, str]:
        """What lets git in, in its environment."""
        return environment(self.url, self._login)

    @contextmanager
    def private(self, *, state: Path) -> Iterator[GitRepo]:
        """A temporary bare repository of our own, which sees what the cache under `state` has fetched so far."""
        if (home := local(self.url)) is not None:
            sweep(home, lock_age())
        with private_repo(state, self.url) as repo:
            yield repo

    def take(self, repo: GitRepo, refs: Sequence[str], wanted: Sequence[str] = (), *, anew: bool = False) -> None:
        """Have the objects of some refs in a repository, of a private one in the cache behind it.

        :param refs: their names; a `*` may stand at the end.
        :param wanted: the commits that are looked for.
        :param anew: without believing what is there already, some of which turned out to be missing.
        :raises RepositoryUnreachable: the repository did not answer.
        :raises Infrastructure: it answered, but not with what was asked for.
        """
        if not refs:
            return
        again = ("--refetch",) if anew else ()

        def fetch(into: GitRepo, specs: Sequence[str]) -> None:
            self._ask(into, *_WHOLE, "fetch", *again, *_FETCH, self.url, *specs)

        if isinstance(repo, PrivateRepo):
            repo.fill(refs, () if anew else wanted, fetch)
        else:
            fetch(repo, [f"+{ref}:{kept(ref)}" for ref in refs])

    def fetch(self, repo: GitRepo, *refspecs: str) -> None:
        """Fetch refspecs, where names are wanted and not only objects.

        :raises RepositoryUnreachable, Infrastructure: as `take`.
        """
        if isinstance(repo, PrivateRepo):
            self.take(repo, [spec.lstrip("+").partition(":")[0] for spec in refspecs])
        self._ask(repo, *_WHOLE, "fetch", *_FETCH, self.url, *refspecs)

    def refs(self, pattern: str = "", *, repo: GitRepo | None = None) -> dict[str, str]:
        """Commit by ref name, as the target has it now (`pattern`: shell wildcards over the whole name)."""
        where = repo or GitRepo(Path("/"))
        said = self._ask(where, "ls-remote", "--quiet", "--", self.url).out
        found = (line.split("\t", 1) for line in said.splitlines())
        return {ref: sha for sha, ref in found if not pattern or fnmatchcase(ref, pattern)}

    def push(self, repo: GitRepo, updates: Sequence[Update]) -> bool:
        """Move refs all together or not at all.

        The refs are looked at wherever git's answer leaves a doubt. Where the target has answered for each of them
        nothing is asked again: whoever does next what cannot be undone reads first, or calls `see`.

        :return: True: the target holds our values (or has gone on from them); False: somebody else was faster.
        :raises Refused, NameClash: the target refuses a ref by a rule of its own, or because of another branch.
        :raises Infrastructure: nothing moved and nobody raced: the push did not arrive.
        """
        moves = [u for u in updates if u.new != u.old or u.must]
        if not moves:
            return True
        for round_ in range(LOCKED):
            said = self._send(repo, moves)
            if said.code == 0 and settled(said.out, said.err, [u.ref for u in moves]):
                return True
            held = self.refs(repo=repo)
            if all(self._landed(repo, u, held.get(u.ref)) for u in moves):
                return True
            if any(held.get(u.ref) != u.old for u in moves):
                return False
            if not (locks := named(_all(said))):
                break
            self._outwait(locks, round_)
        else:
            raise Infrastructure(f"push to {self} was refused {LOCKED} times: {_stuck(locks)}")
        return self._lost(said, held)

    def see(self, repo: GitRepo, wanted: Mapping[str, str | None]) -> None:
        """Look whether the target holds what it has answered for.

        :param wanted: commit by ref; None: any, it was created once and stays what it is.
        :raises Lost: it does not.
        """
        held = self.refs(repo=repo)
        gone = [ref for ref, sha in wanted.items() if ref not in held or sha not in (None, held[ref])]
        if gone:
            raise lost(self, gone)

    def _lost(self, said: Result, held: dict[str, str]) -> bool:
        """A push that moved nothing although no ref of ours had moved.

        :return: False: somebody moved one and back, or was writing it.
        """
        if (found := clash_of(said.err)) is not None and found[1] in held:
            raise clash(str(self), *found)
        told = refusal(said.out, said.err)
        if told.raced:
            return False
        if told.reasons:
            raise Refused(str(self), told.named, told.why, self._hidden(told.words))
        text = self._clean(said)
        raise unreadable(str(self), "push", text) or Infrastructure(f"push to {self} did not arrive: {text}")

    def _send(self, repo: GitRepo, moves: Sequence[Update]) -> Result:
        leases = [f"--force-with-lease={u.ref}:{u.old or ''}" for u in moves]
        specs = [f"{u.new or ''}:{u.ref}" for u in moves]
        args = ("push", "--porcelain", "--no-verify", "--atomic", *leases, "--", self.url, *specs)
        return repo.run(*_PATIENCE, *args, ok=_ANY, env=self._door)

    def _outwait(self, locks: Sequence[str], round_: int) -> None:
        """Somebody writes the same refs at this moment, or died while writing: the lock's age tells."""
        home = local(self.url)
        if home is None:
            pause(round_ + 3)
        elif not release(home, locks, lock_age()):
            raise Infrastructure(f"push to {self} was refused: {_stuck(locks)}")

    def _landed(self, repo: GitRepo, update: Update, held: str | None) -> bool:
        if held == update.new:
            return True
        if held is None or update.new is None:
            return False
        if missing(repo, [held]):
            self.take(repo, [update.ref], [held])
        return not missing(repo, [held]) and repo.is_ancestor(update.new, held)

    def _ask(self, repo: GitRepo, *args: str) -> Result:
        said = repo.run(*_PATIENCE, *args, ok=_ANY, env=self._door)
        if said.code == 0 and "because shallow roots" not in said.err:
            return said
        text = self._clean(said)
        verb = verb_of(args)
        if (lasting := unreadable(str(self), verb, text)) is not None:
            raise lasting
        if verb == "ls-remote" or any(word in said.err.lower() for word in _GONE):
            raise RepositoryUnreachable(f"repository {self} cannot be read: {text}")
        raise Infrastructure(f"git {verb} on {self} failed: {text}")

    def _clean(self, said: Result) -> str:
        return cut(self._hidden(_all(said).strip())) or f"exit code {said.code}"

    def _hidden(self, text: str) -> str:
        return _CREDENTIALS.sub("", hidden(text, self._login))


#: What is fetched becomes visible as one pack, or not at all: loose objects would appear one by one.
_WHOLE = ("-c", "fetch.unpackLimit=1")
_ANY = tuple(range(-64, 256))
_FETCH = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc", "--")


def lost(remote: Remote, refs: Sequence[str]) -> Lost:
    """Say which refs the target took and has not got."""
    return Lost(
        f"{remote} answered that it took {', '.join(refs)}, and does not have it. The next try does it again; where "
        "that does not help, look what stands between here and there: a proxy, a mirror, a hook that moves refs."
    )


def _all(said: Result) -> str:
    return f"{said.err}\n{said.out}" if said.out else said.err


def _stuck(locks: Sequence[str]) -> str:
    return (
        f"the repository holds {', '.join(locks)}; unless a push or a gc is running there, a killed one has left it: "
        "remove it there"
    )


def pause(round_: int) -> None:
    """Full jitter: racing writers that wait equally long race again."""
    time.sleep(random.uniform(0, min(2.0, 0.02 * 2**round_)))
