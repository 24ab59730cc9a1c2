"""Take out of an ended container what its agent said: its log, and the raw lines that our images keep in a folder.

All of it is the agent's: it is bounded before it is unpacked, redacted before it is kept, and decides nothing.
"""

from __future__ import annotations

import codecs
import tarfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator

import docker
import docker.errors

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.log_following import read
from phaseplan.containers.redact import Redactor
from phaseplan.containers.tarball import TooLarge, members
from phaseplan.ledger.transcripts import Kept, Said

PLACE = "/tmp/phaseplan-events"  # where `agent` of our images keeps them (images/agents/runner)
_PACKED = 6 << 20  # bytes of the folder
_PLAIN = 33 << 20  # characters, unpacked
_PIECE, _SLICE = 1 << 20, 1 << 10  # bytes: unpacked at once, and of what
_LINES, _TEXT = 10_000, 2 << 20  # of the log, its end: lines, characters
_FILES = ("old.gz", "new.gz")


def take(client: docker.DockerClient, container_id: str, redact: Redactor) -> Said | None:
    """Read what an agent said, without secrets; None: nothing."""
    lines = _log(client, container_id, redact)
    files = _folder(client, container_id)
    text = "".join(redacted(_unpacked(files), redact))
    if not lines and not text:
        return None
    missing = _number(files.get("missing", b""))
    kept = Kept(lines=len(lines), events=text.count("\n"), missing=missing)
    head = f'{{"phaseplan": "{missing:,} lines before these are not kept"}}\n' if missing and text else ""
    return Said(_bytes("".join(f"{line}\n" for line in lines)), _bytes(head + text), kept)


def redacted(pieces: Iterable[bytes], redact: Redactor) -> Iterator[str]:
    """Yield pieces as text without secrets, also where one lies across their seams; at most so much of it."""
    decoder, held, room = codecs.getincrementaldecoder("utf-8")("replace"), "", _PLAIN
    for piece in pieces:
        held += decoder.decode(piece)[:room]
        room = max(0, room - len(piece))
        if not room:
            break
        cut = redact.seam(held, max(0, len(held) - redact.longest))
        yield redact(held[:cut])
        held = held[cut:]
    yield redact(held)


def _log(client: docker.DockerClient, container_id: str, redact: Redactor) -> list[str]:
    """Read the end of the log; its first line says so where there was more."""
    lines: deque[str] = deque()
    size, cut = 0, False

    def keep(line: str) -> None:
        nonlocal size, cut
        lines.append(line)
        size += len(line) + 1
        while size > _TEXT or len(lines) > _LINES:
            size, cut = size - len(lines.popleft()) - 1, True

    read(client, container_id, keep, redact, tail=_LINES + 1)
    head = ["[what the agent said before is not kept here: see the task's log]"] if cut else []
    return [*head, *lines]


def _folder(client: docker.DockerClient, container_id: str) -> dict[str, bytes]:
    """Read the small files of the folder; what is no such folder, or too large, is none of our program's."""
    with engine_errors():
        try:
            pieces, _ = client.api.get_archive(container_id, PLACE)
            return members(iter(pieces), _PACKED)
        except (docker.errors.NotFound, tarfile.TarError, TooLarge):
            return {}


def _unpacked(files: dict[str, bytes]) -> Iterator[bytes]:
    """Unpack the files as far as they are whole: an agent may have been killed while a line was written."""
    for name in _FILES:
        unpack, data = zlib.decompressobj(31), files.get(name, b"")
        try:
            for at in range(0, len(data), _SLICE):  # what came before a slice that is damaged is not lost
                left = data[at : at + _SLICE]
                while left:
                    yield unpack.decompress(left, _PIECE)
                    left = unpack.unconsumed_tail
        except zlib.error:
            continue


def _number(data: bytes) -> int:
    return int(data) if data.isdigit() and len(data) < 16 else 0


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
