"""Copy the checkout of one commit, and the brief beside it, into a created container.

Nothing is checked out on the worker and nothing is held in memory: git's own objects become a tar stream
that the engine unpacks. The container gets a repository of its own, made here and not cloned, so no
setting, hook or credential of ours goes along.
"""

from __future__ import annotations

import hashlib
import struct
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import docker

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import InputFault
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import CHUNK, Entry, contents, entries

History = Literal["shallow", "full"]
_BLOCK = 512
_MODES = {"100644": 0o644, "100755": 0o755, "120000": 0o777, "040000": 0o755, "160000": 0o755}
_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\tcheckStat = minimal
[user]
\tname = Phaseplan agent
\temail = agent@phaseplan.localhost
[gc]
\tauto = 0
"""
# Above every .gitattributes: what is on disk is what is in git, for each command the agent or a gate runs. Not
# `-working-tree-encoding`, which git takes for the name of an encoding.
_ATTRIBUTES = """# Files here are the repository's own bytes: no attribute converts them.
* -text !eol -ident -filter !working-tree-encoding
"""


@dataclass(frozen=True)
class Checkout:
    """Describe the repository that goes into /workspace. `branch` None leaves HEAD detached."""

    repo: GitRepo
    commit: str
    branch: str | None = None
    history: History = "shallow"
    uid: int = 1000
    gid: int = 1000


def copy_in(
    client: docker.DockerClient,
    container_id: str,
    checkout: Checkout,
    documents: Mapping[str, bytes] | None = None,
    more: bytes = b"",
) -> None:
    """Fill a created container's /workspace, and /phaseplan with documents the container cannot change.

    :param more: members of an archive that go in as they are.
    """
    with tempfile.TemporaryDirectory(prefix="copyin-", dir=checkout.repo.path) as folder:
        stream = chain([more], archive(checkout, documents or {}, Path(folder)))
        with engine_errors():
            client.api.put_archive(container_id, "/", _in_chunks(stream))


def _in_chunks(stream: Iterator[bytes]) -> Iterator[bytes]:
    """Join many small pieces into few large writes."""
    buffer = bytearray()
    for piece in stream:
        buffer += piece
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def archive(checkout: Checkout, documents: Mapping[str, bytes], folder: Path) -> Iterator[bytes]:
    """Build the checkout and the documents as one tar stream; `folder` holds git's pack meanwhile."""
    tar = _Tar(checkout.uid, checkout.gid, _commit_time(checkout))
    tree_entries = entries(checkout.repo, checkout.commit, trees=True)
    _refuse_unsafe(tree_entries)
    yield tar.folder("workspace")
    sizes: dict[str, int] = {}
    with ThreadPoolExecutor(1) as executor:
        pack = executor.submit(_pack, checkout, tree_entries, folder)  # git packs while the files go out
        yield from _files(checkout.repo, tree_entries, tar, sizes)
        tar.mtime = max(tar.mtime + 1, int(time.time()))  # later than the files, or git would take each entry for racy
        yield from _repository(checkout, tar)
        yield from _objects(pack.result(), tar)
    files = [entry for entry in tree_entries if entry.kind != "tree"]
    yield from tar.file("workspace/.git/index", _index(files, sizes, _commit_time(checkout)))
    root = _Tar(0, 0, tar.mtime)
    yield root.folder("phaseplan")
    for name, data in documents.items():
        yield from root.file(f"phaseplan/{name}", data)
    yield b"\0" * (2 * _BLOCK)


def _commit_time(checkout: Checkout) -> int:
    return checkout.repo.facts(checkout.commit).time & 0x7FFFFFFF


def _refuse_unsafe(tree_entries: list[Entry]) -> None:
    """Raise InputFault for a tree that git itself would not check out."""
    for entry in tree_entries:
        if any(part.lower() in {"", ".", "..", ".git"} for part in entry.path.split("/")):
            raise InputFault(
                f"the base holds a path that git refuses to check out: {entry.path!r}: remove it from the base"
            )


def _files(repo: GitRepo, tree_entries: list[Entry], tar: _Tar, sizes: dict[str, int]) -> Iterator[bytes]:
    """Write all folders, files and symbolic links of the commit, and note the files' sizes."""
    blobs = [entry for entry in tree_entries if entry.kind == "blob"]
    for entry in tree_entries:
        if entry.kind != "blob":
            yield tar.folder(f"workspace/{entry.path}")
    read = contents(repo, (entry.id for entry in blobs))
    for entry, (_, size, pieces) in zip(blobs, read, strict=True):
        sizes[entry.path] = size
        path = f"workspace/{entry.path}"
        if entry.symlink:
            yield tar.link(path, b"".join(pieces))
            continue
        yield tar.head(path, size, _MODES.get(entry.mode, 0o644))
        yield from pieces
        yield b"\0" * (-size % _BLOCK)


def _repository(checkout: Checkout, tar: _Tar) -> Iterator[bytes]:
    """Write the checkout's `.git`, without objects and index."""
    git = "workspace/.git"
    commit, branch = checkout.commit, checkout.branch
    for name in ("", "/objects", "/objects/pack", "/objects/info", "/refs", "/refs/heads", "/refs/tags", "/info"):
        yield tar.folder(f"{git}{name}")
    yield from tar.file(f"{git}/config", _CONFIG.encode())
    yield from tar.file(f"{git}/info/attributes", _ATTRIBUTES.encode())
    yield from tar.file(f"{git}/HEAD", f"ref: refs/heads/{branch}\n".encode() if branch else f"{commit}\n".encode())
    if branch:
        yield from tar.file(
            f"{git}/packed-refs",
            f"# pack-refs with: peeled fully-peeled sorted\n{commit} refs/heads/{branch}\n".encode(),
        )
    if checkout.history == "shallow" and checkout.repo.facts(commit).parents:
        yield from tar.file(f"{git}/shallow", f"{commit}\n".encode())


def _objects(parts: list[Path], tar: _Tar) -> Iterator[bytes]:
    """Write git's pack files as tar members."""
    for part in parts:
        size = part.stat().st_size
        yield tar.head(f"workspace/.git/objects/pack/{part.name}", size, 0o444)
        with part.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece
        yield b"\0" * (-size % _BLOCK)


def _pack(checkout: Checkout, tree_entries: list[Entry], folder: Path) -> list[Path]:
    """Make one pack of what the container needs: this commit alone, or all its history."""
    options = ["pack-objects", "-q", "--delta-base-offset", "--window=0", "--threads=1"]
    if checkout.history == "full":
        options, feed = [*options, "--revs"], checkout.commit
    else:
        tree = checkout.repo.facts(checkout.commit).tree
        ids = dict.fromkeys([checkout.commit, tree, *(entry.id for entry in tree_entries if entry.kind != "commit")])
        feed = "\n".join(ids)
    checkout.repo.run("-c", "pack.compression=1", *options, str(folder / "pack"), stdin=f"{feed}\n".encode())
    return sorted(path for path in folder.iterdir() if path.suffix in {".pack", ".idx"})


def _index(files: list[Entry], sizes: Mapping[str, int], mtime: int) -> bytes:
    """Build an index (version 2) with size and time of each file, so that git need not read all files again."""
    out = [struct.pack(">4sII", b"DIRC", 2, len(files))]
    for entry in sorted(files, key=lambda e: _raw(e.path)):
        path = _raw(entry.path)
        numbers = (0, 0, mtime, 0, 0, 0, int(entry.mode, 8), 0, 0, sizes.get(entry.path, 0) & 0xFFFFFFFF)
        head = struct.pack(">10I20sH", *numbers, bytes.fromhex(entry.id), min(len(path), 0xFFF))
        out.append(head + path + b"\0" * (8 - (len(head) + len(path)) % 8))
    body = b"".join(out)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


class _Tar:
    """Write tar members with one owner and one time."""

    def __init__(self, uid: int, gid: int, mtime: int) -> None:
        self.uid, self.gid, self.mtime = uid, gid, mtime

    def head(self, path: str, size: int, mode: int, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
        """Build the header of one member."""
        info = tarfile.TarInfo(path)
        info.size, info.mode, info.type, info.linkname = size, mode, kind, target
        info.uid, info.gid, info.mtime = self.uid, self.gid, self.mtime
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")

    def folder(self, path: str) -> bytes:
        """Build a folder."""
        return self.head(path + "/", 0, 0o755, tarfile.DIRTYPE)

    def link(self, path: str, target: bytes) -> bytes:
        """Build a symbolic link."""
        return self.head(path, 0, 0o777, tarfile.SYMTYPE, target.decode("utf-8", "surrogateescape"))

    def file(self, path: str, data: bytes) -> Iterator[bytes]:
        """Build a small file."""
        yield self.head(path, len(data), 0o644)
        yield data
        yield b"\0" * (-len(data) % _BLOCK)
