"""Write small objects into a repository on this machine as git does, without a process for each."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from phaseplan.repository.disk import disk_errors
from phaseplan.repository.repo import ID, IDENTITY, GitRepo

Kind = Literal["blob", "tree", "commit"]


def write_object(repo: GitRepo, kind: Kind, content: bytes) -> str:
    """Write one object, whole or not at all, and return its id."""
    data = b"%s %d\0%s" % (kind.encode(), len(content), content)
    oid = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = _store(repo.path) / oid[:2] / oid[2:]
    if not path.exists():
        with disk_errors():
            _write(path, zlib.compress(data, 1))
    return oid


def write_files(repo: GitRepo, blobs: Mapping[str, str]) -> str:
    """Write a tree of regular files, blob ids by name without slashes; return its id."""
    names = sorted((name.encode("utf-8", "surrogateescape"), oid) for name, oid in blobs.items())
    return write_object(repo, "tree", b"".join(b"100644 %s\0%s" % (name, bytes.fromhex(oid)) for name, oid in names))


def is_literal(tree: str, parents: Sequence[str], message: str) -> bool:
    """Say whether git would put these into a commit as they are: full ids, and a message that it does not mend.

    In a message git takes bytes that are no UTF-8 for Latin-1, and refuses others.
    """
    odd = "\0" in message or not (message.isascii() or all(map(_is_character, message)))
    return not odd and all(map(ID.fullmatch, (tree, *parents)))


def _is_character(letter: str) -> bool:
    """Say whether git takes a code point for one that text may hold: no surrogate, no noncharacter."""
    number = ord(letter)
    return not (0xD800 <= number <= 0xDFFF or 0xFDD0 <= number <= 0xFDEF or number & 0xFFFE == 0xFFFE)


def write_commit(repo: GitRepo, tree: str, parents: Sequence[str], message: str, seconds: int) -> str:
    """Write a commit by us of what `is_literal`; return its id."""
    who = f"{IDENTITY['GIT_COMMITTER_NAME']} <{IDENTITY['GIT_COMMITTER_EMAIL']}> {seconds} +0000"
    head = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
    return write_object(repo, "commit", "\n".join([*head, "", message]).encode())


def _store(repository: Path) -> Path:
    """Return the folder of a repository's objects, which in one with files checked out is a folder further down."""
    return repository / ".git" / "objects" if (repository / ".git").is_dir() else repository / "objects"


def _write(path: Path, data: bytes) -> None:
    """Write a file that appears complete; git removes a draft of this name that a killed process has left."""
    path.parent.mkdir(exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix="tmp_obj_", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).chmod(0o444)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
