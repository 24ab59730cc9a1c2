"""Read and move the refs of the target repository, the only thing that workers share.

A push whose answer names every ref is not read back at once: the next read, or `see`, does that (docs/decisions/033).
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
from phaseplan.repository.cache import PrivateRepo, kept, mark_of, private_repo
from phaseplan.repository.locks import local, lock_age, named, release, sweep_now_and_then
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
    """The target reported that it took a ref, and does not hold it."""


class BaseMissing(InputFault):
    """The branch, tag or commit that a run should start from does not exist."""


@dataclass(frozen=True)
class Update:
    """Describe one ref to move. `old` None: it must not exist yet; `new` None: delete it.

    :param must: do not move this ref; move the others only if the target holds it as `old`.
    """

    ref: str
    new: str | None
    old: str | None
    must: bool = False


class Remote:
    """Read and move refs of one target repository by URL or path; `url` never holds a password."""

    def __init__(self, url: str) -> None:
        address, self._given = parted(url)
        self.url = str(Path(address).resolve()) if "://" not in address and Path(address).exists() else address

    def __str__(self) -> str:
        return _CREDENTIALS.sub("", self.url)

    @cached_property
    def _login(self) -> str:
        return self._given or login_of(self.url)

    @cached_property
    def _environment(self) -> dict[str, str]:
        """Return the environment in which git can log in to the target."""
        return environment(self.url, self._login)

    @contextmanager
    def private(self, *, state: Path) -> Iterator[GitRepo]:
        """Create a temporary bare repository of our own, which reads what the cache under `state` has fetched."""
        if (home := local(self.url)) is not None:
            sweep_now_and_then(home, lock_age(), mark_of(state, self.url))
        with private_repo(state, self.url) as repo:
            yield repo

    def take(self, repo: GitRepo, refs: Sequence[str], wanted: Sequence[str] = (), *, anew: bool = False) -> None:
        """Fetch the objects of some refs into a repository; for a private one, into the cache behind it.

        :param refs: their names; a `*` may stand at the end.
        :param wanted: commits that the caller needs.
        :param anew: fetch all again, because objects that should be there are missing.
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
        """Fetch refspecs, if ref names are needed and not only objects.

        :raises RepositoryUnreachable, Infrastructure: as `take`.
        """
        if isinstance(repo, PrivateRepo):
            self.take(repo, [spec.lstrip("+").partition(":")[0] for spec in refspecs])
        self._ask(repo, *_WHOLE, "fetch", *_FETCH, self.url, *refspecs)

    def refs(self, pattern: str = "", *, repo: GitRepo | None = None) -> dict[str, str]:
        """Return the commit of each ref name, as the target has it now (`pattern`: shell wildcards, whole name)."""
        where = repo or GitRepo(Path("/"))
        listing = self._ask(where, *_AT_ONCE, "ls-remote", "--quiet", "--", self.url).out
        pairs = (line.split("\t", 1) for line in listing.splitlines())
        return {ref: sha for sha, ref in pairs if not pattern or fnmatchcase(ref, pattern)}

    def push(self, repo: GitRepo, updates: Sequence[Update]) -> bool:
        """Move refs all together or not at all.

        If git's answer leaves a doubt, the refs are read. If the target has answered for each ref, they are not read
        again: a caller whose next step cannot be undone reads first, or calls `see`.

        :return: True: the target holds our values (or descendants of them); False: another process was faster.
        :raises Refused, NameClash: the target refuses a ref by a rule of its own, or because of another branch.
        :raises Infrastructure: nothing moved, without a race: the push did not arrive.
        """
        moves = [u for u in updates if u.new != u.old or u.must]
        if not moves:
            return True
        for round_ in range(LOCKED):
            result = self._send(repo, moves)
            if result.code == 0 and settled(result.out, result.err, [u.ref for u in moves]):
                if isinstance(repo, PrivateRepo):
                    repo.hand_on({u.ref: u.new for u in moves if u.new and not u.must})
                return True
            held_refs = self.refs(repo=repo)
            if all(self._landed(repo, u, held_refs.get(u.ref)) for u in moves):
                return True
            if any(held_refs.get(u.ref) != u.old for u in moves):
                return False
            if not (locks := named(_all(result))):
                break
            self._outwait(locks, round_)
        else:
            raise Infrastructure(f"push to {self} was refused {LOCKED} times: {_stuck(locks)}")
        return self._lost(result, held_refs)

    def see(self, repo: GitRepo, wanted: Mapping[str, str | None]) -> None:
        """Check that the target holds what it has reported as taken.

        :param wanted: commit by ref; None: any commit, for a ref that is created once and never moves.
        :raises Lost: the target does not hold one of them.
        """
        held_refs = self.refs(repo=repo)
        lost_refs = [ref for ref, sha in wanted.items() if ref not in held_refs or sha not in (None, held_refs[ref])]
        if lost_refs:
            raise lost(self, lost_refs)

    def _lost(self, result: Result, held_refs: dict[str, str]) -> bool:
        """Explain a push that moved nothing although no ref of ours had moved.

        :return: False: another process moved a ref and back, or was writing it.
        """
        if (clashing := clash_of(result.err)) is not None and clashing[1] in held_refs:
            raise clash(str(self), *clashing)
        rejected = refusal(result.out, result.err)
        if rejected.raced:
            return False
        if rejected.reasons:
            raise Refused(str(self), rejected.named, rejected.why, self._hidden(rejected.words))
        text = self._clean(result)
        raise unreadable(str(self), "push", text) or Infrastructure(f"push to {self} did not arrive: {text}")

    def _send(self, repo: GitRepo, moves: Sequence[Update]) -> Result:
        leases = [f"--force-with-lease={u.ref}:{u.old or ''}" for u in moves]
        specs = [f"{u.new or ''}:{u.ref}" for u in moves]
        args = ("push", "--porcelain", "--no-verify", "--atomic", *leases, "--", self.url, *specs)
        return repo.run(*_PATIENCE, *args, ok=_ANY, env=self._environment)

    def _outwait(self, locks: Sequence[str], round_: int) -> None:
        """Wait for locks: their holder writes the same refs now, or died while writing, which the locks' age shows."""
        home = local(self.url)
        if home is None:
            pause(round_ + 3)
        elif not release(home, locks, lock_age()):
            raise Infrastructure(f"push to {self} was refused: {_stuck(locks)}")

    def _landed(self, repo: GitRepo, update: Update, held_commit: str | None) -> bool:
        if held_commit == update.new:
            return True
        if held_commit is None or update.new is None:
            return False
        if missing(repo, [held_commit]):
            self.take(repo, [update.ref], [held_commit])
        return not missing(repo, [held_commit]) and repo.is_ancestor(update.new, held_commit)

    def _ask(self, repo: GitRepo, *args: str) -> Result:
        result = repo.run(*_PATIENCE, *args, ok=_ANY, env=self._environment)
        if result.code == 0 and "because shallow roots" not in result.err:
            return result
        text = self._clean(result)
        verb = verb_of(args)
        if (lasting := unreadable(str(self), verb, text)) is not None:
            raise lasting
        if verb == "ls-remote" or any(phrase in result.err.lower() for phrase in _GONE):
            raise RepositoryUnreachable(f"repository {self} cannot be read: {text}")
        raise Infrastructure(f"git {verb} on {self} failed: {text}")

    def _clean(self, result: Result) -> str:
        return cut(self._hidden(_all(result).strip())) or f"exit code {result.code}"

    def _hidden(self, text: str) -> str:
        return _CREDENTIALS.sub("", hidden(text, self._login))


#: What is fetched becomes visible as one pack, or not at all: loose objects would appear one by one.
_WHOLE = ("-c", "fetch.unpackLimit=1")
#: A server of the first protocol says all its refs when it is greeted; by the second one asks for them, a way more.
_AT_ONCE = ("-c", "protocol.version=0")
_ANY = tuple(range(-64, 256))
_FETCH = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc", "--")


def lost(remote: Remote, refs: Sequence[str]) -> Lost:
    """Make the error that names the refs which the target reported as taken and does not hold."""
    return Lost(
        f"{remote} answered that it took {', '.join(refs)}, and does not have it. The next try does it again; where "
        "that does not help, look what stands between here and there: a proxy, a mirror, a hook that moves refs."
    )


def _all(result: Result) -> str:
    return f"{result.err}\n{result.out}" if result.out else result.err


def _stuck(locks: Sequence[str]) -> str:
    return (
        f"the repository holds {', '.join(locks)}; unless a push or a gc is running there, a killed one has left it: "
        "remove it there"
    )


def pause(round_: int) -> None:
    """Sleep for a random time (full jitter): racing writers that wait equally long race again."""
    time.sleep(random.uniform(0, min(2.0, 0.02 * 2**round_)))
