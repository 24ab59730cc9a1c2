"""Look whether the target repositories can be read and written, by a ref of our own that is deleted again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial

from phaseplan.cli.doctoring.clocks import of_server
from phaseplan.cli.doctoring.lines import Line, broken, looked, ok
from phaseplan.cli.doctoring.plans import campaign
from phaseplan.config.settings import repository_for, settings
from phaseplan.phase.preflight import check_target
from phaseplan.repository.remote import Remote, Update

_AREA = "repository"
_REF = "refs/phaseplan/doctor/"


def targets() -> Iterator[Line]:
    """Look at the target of every plan; where there is no plan, at the configured one.

    :raises InputFault: none is named.
    """
    named = dict.fromkeys(repository_for(loaded.plan.repository) for loaded in campaign().plans)
    for url in named or [repository_for(None)]:
        yield from looked(_AREA, partial(_target, url))


def _target(url: str) -> Iterator[Line]:
    remote = Remote(url)
    held = check_target(remote)
    heads = sum(ref.startswith("refs/heads/") for ref in held)
    yield ok(_AREA, f"{remote} can be read: {heads} branches")
    if not heads:
        yield broken(_AREA, f"{remote} has no branch to build on", "push the branch that plans name as `base`")
    yield from _write(remote)
    yield from of_server(str(remote))


def _write(remote: Remote) -> Iterator[Line]:
    """Push a commit without files to a ref of our own, and delete it."""
    ref = f"{_REF}{secrets.token_hex(8)}"
    with remote.private(state=settings().state) as repo:
        tree = repo.run("mktree", stdin=b"").out.strip()
        commit = repo.run("commit-tree", "-m", "phaseplan doctor: may this ref be written?", tree).out.strip()
        remote.push(repo, [Update(ref, commit, None)])
        remote.push(repo, [Update(ref, None, commit)])
    yield ok(_AREA, f"{remote} can be written: a ref under {_REF} was made and deleted")
