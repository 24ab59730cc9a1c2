"""Read the lines that a commit adds; no attribute and no byte can hide a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from phaseplan.gates.markers import USUAL, Mark, conflicts, mark_of
from phaseplan.repository.objects import NEUTRAL
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import output

_PIECE = 1 << 20  # bytes of a line that are looked at at once
_MARKS = 10_000  # of one file; more are not needed to say that it holds some
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_WORDS = re.compile(rb"[\t\x20-\x7e]{16}")  # bytes that are no text hold such a run once in a million
_MARKING = (b"<", b"|", b"=", b">")
_OCTAL = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


@dataclass
class FileAdded:
    """Hold what one file gained between two commits."""

    path: str
    source: str | None  # its path before; None: it is new
    _all: int = 0
    _text: int = 0  # lines that hold words
    _short: int = 0  # lines that might be text, and might be chance
    _nul: bool = False
    _returns: int = 0  # carriage returns and Unicode's line ends within lines: to many languages each ends one
    _marks: list[Mark] = field(default_factory=list)
    _removed_marks: list[Mark] = field(default_factory=list)

    @property
    def binary(self) -> bool:
        """Say whether it holds a NUL, as git decides it; a text may hold one too."""
        return self._nul

    @property
    def lines(self) -> int:
        """Count added lines; in a file with a NUL only lines of text: one NUL hides nothing, an image counts 0."""
        if not self._nul:
            return self._all + max(0, self._returns)
        mostly = 2 * (self._text + self._short) >= self._all
        return self._text + (self._short if mostly else 0)

    @property
    def odd_marks(self) -> bool:
        """Say whether it gained what would be conflict markers if they had another size than usual."""
        return any(mark.kind in "<>" and mark.size != USUAL for mark in self._marks)

    def conflict(self, size: int = USUAL) -> int | None:
        """Return the line at which a new conflict begins; None: there is none.

        :param size: characters of a marker.
        """
        new = conflicts(self._marks, size)
        return new[0] if len(new) > len(conflicts(self._removed_marks, size)) else None

    def gains(self, text: bytes, number: int, *, begins: bool) -> None:
        """Count an added line, or the next piece of one."""
        self._nul = self._nul or b"\0" in text
        self._returns += _returns(text)
        if not begins:
            return
        self._all += 1
        if _WORDS.search(text):
            self._text += 1
        elif visible := text.replace(b"\0", b"").strip():
            has_words = bool(_WORDS.search(visible))
            self._text += has_words
            self._short += not has_words and _is_text(visible)
        if text[:1] in _MARKING and len(self._marks) < _MARKS and (mark := mark_of(text, number)):
            self._marks.append(mark)

    def loses(self, text: bytes, *, begins: bool) -> None:
        """Count a removed line, or the next piece of one."""
        self._returns -= _returns(text)
        if begins and text[:1] in _MARKING and len(self._removed_marks) < _MARKS and (mark := mark_of(text, 0)):
            self._removed_marks.append(mark)


def _returns(text: bytes) -> int:
    """Count other line ends within a line: carriage returns except at its end, and U+2028 and U+2029."""
    returns = text.rstrip(b"\r\n").count(b"\r") if b"\r" in text else 0
    return returns + text.count(b"\xe2\x80\xa8") + text.count(b"\xe2\x80\xa9")


def _is_text(line: bytes) -> bool:
    try:
        return line[:_PIECE].decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def added(repo: GitRepo, base: str, commit: str) -> list[FileAdded]:
    """List every file whose content differs; a renamed file is compared with its content under the old name.

    One git process, read as a stream: nothing here grows with the size of a file.
    """
    plain = (
        "--no-ext-diff",
        "--no-textconv",
        "--text",
        "--no-color",
        "-M",
        "-U0",
        "--src-prefix=a/",
        "--dst-prefix=b/",
    )
    with output(
        repo, "diff-tree", "-r", "-p", "--full-index", *plain, base, commit, "--", env=NEUTRAL, whole=True
    ) as stream:
        return list(_files(stream))


def _files(stream: IO[bytes]) -> Iterator[FileAdded]:
    """Read a patch. A line of a file that looks like a header is none: the hunk's numbers say where it ends."""
    source: str | None = None
    while line := stream.readline(_PIECE):
        if line.startswith(b"--- "):
            source = _name(line[4:])
        elif line.startswith(b"+++ "):
            yield _read(stream, FileAdded(_name(line[4:]) or source or "", source))


def _read(stream: IO[bytes], file: FileAdded) -> FileAdded:
    """Read a file's hunks. The line that ends them begins the next file; its later lines repeat what it says."""
    while match := _HUNK.match(stream.readline(_PIECE)):
        old, start, new = (1 if number is None else int(number) for number in match.groups())
        _hunk(stream, file, old, start, new)
    return file


def _hunk(stream: IO[bytes], file: FileAdded, old: int, start: int, new: int) -> None:
    """Read as many removed and added lines as the hunk has, the `\\ No newline` notes between and after them too."""
    number = start
    while old or new:
        line = stream.readline(_PIECE)
        if not line:
            return
        sign, begins = line[:1], True
        if sign == b"\\":
            continue
        while line:
            text = line[1:] if begins else line
            if sign == b"+":
                file.gains(text, number, begins=begins)
            else:
                file.loses(text, begins=begins)
            begins = False
            line = b"" if line.endswith(b"\n") else stream.readline(_PIECE)
        number += sign == b"+"
        old -= sign == b"-"
        new -= sign == b"+"


def _name(shown: bytes) -> str | None:
    """Return the path of a header line; None for a side that has no such file."""
    name = shown.rstrip(b"\n").removesuffix(b"\t")
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        name = _OCTAL.sub(_unescaped, name[1:-1])
    return name[2:].decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    return bytes([int(escape, 8)]) if len(escape) == 3 else _ESCAPES.get(escape, escape)
