"""Search what an agent added for secret values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phaseplan.containers.redact import Redactor
from phaseplan.ledger.records import Finding
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import contents

_MANY = 20  # findings


def leaks(repo: GitRepo, base: str, commit: str, secret_values: Sequence[str]) -> tuple[Finding, ...]:
    """Find every object between base and commit that holds a secret value: files, also deleted ones, and messages.

    The finding names the place, never the value.
    """
    needles = [value.encode() for value in Redactor(secret_values).values]
    if not needles:
        return ()
    listed = repo.run("rev-list", "--objects", "--no-object-names", commit, "--not", base).out.split()
    guilty = [oid for oid, _, pieces in contents(repo, listed) if _holds(pieces, needles)]
    names = _names(repo, base, commit) if guilty else {}
    findings = [_finding(oid, names.get(oid, "")) for oid in guilty]
    if any(b"/" in needle for needle in needles):  # an object holds the name of one folder; a path is none
        findings += [_finding("", path) for path in _paths(repo, base, commit) if _holds(iter([_bytes(path)]), needles)]
    return tuple(findings[:_MANY])


def _holds(pieces: Iterator[bytes], needles: Sequence[bytes]) -> bool:
    """Search all the pieces, also across their seams; always read to the end."""
    overlap = max(map(len, needles)) - 1
    tail, is_found = b"", False
    for piece in pieces:
        window = tail + piece
        is_found = is_found or any(needle in window for needle in needles)
        tail = window[-overlap:]
    return is_found


def _names(repo: GitRepo, base: str, commit: str) -> dict[str, str]:
    lines = repo.run("rev-list", "--objects", commit, "--not", base).out.splitlines()
    return {line[:40]: line[41:] for line in lines}


def _paths(repo: GitRepo, base: str, commit: str) -> tuple[str, ...]:
    """List every path that a commit between base and commit has changed."""
    return repo.names("log", "-m", "--format=", "--name-only", "--no-renames", "-z", commit, "--not", base)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _finding(oid: str, path: str) -> Finding:
    message = (
        "holds the value of a secret the agent was given: nothing of this attempt is pushed; "
        "change that secret, and keep it out of files and messages"
    )
    where = _bytes(path).decode("utf-8", "backslashreplace")
    return Finding(gate="secrets", file=where or None, message=message if path else f"commit {oid[:12]} {message}")
