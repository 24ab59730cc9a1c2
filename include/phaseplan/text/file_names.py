"""Find file names that deceive a reader or that other systems cannot check out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

#: Shown as nothing, or in another order than it is. Not the joiners U+200C and U+200D: languages and emoji need them.
_HIDING = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
#: What moves a terminal's cursor or turns the direction of reading, in a text that may have lines.
_TURNING = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_STRAY = re.compile("[\ud800-\udfff]")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_LONGEST = 255  # bytes of one name

#: What a repository may have decided to live with: no finding where the base has such a name already.
_CUSTOMS: dict[str, Callable[[str], object]] = {
    "a name that is no UTF-8": _STRAY.search,
    "a name with `:` or `\\`, which Windows takes for something else": re.compile(r"[:\\]").search,
    'a name with one of <>"|?*, which Windows cannot write': re.compile(r'[<>"|?*]').search,
    "a name that ends in a blank or a dot, which Windows cuts off": lambda part: part != part.rstrip().rstrip("."),
    "a name that Windows takes for a device": _DEVICE.fullmatch,
}


def visible(text: str) -> str:
    """Write out, in hexadecimal, the characters of a name that are invisible or move the cursor."""
    return _HIDING.sub(_escape, _CONTROL.sub(_escape, text))


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def deceptive(path: str) -> Iterator[str]:
    """List what is wrong with a path, whatever names the base already has."""
    if _CONTROL.search(path):
        yield "a path with control characters"
    if _HIDING.search(path):
        yield "a path with invisible characters, or ones that turn the direction of reading"
    if any(len(part.encode("utf-8", "surrogateescape")) > _LONGEST for part in path.split("/")):
        yield f"a name longer than {_LONGEST} bytes, which no system can write"


def turns(text: str) -> bool:
    """Say whether a text holds control characters or changes the direction of reading."""
    return _TURNING.search(text) is not None


def twins(added: Iterable[str], present: Iterable[str]) -> list[tuple[str, str]]:
    """List pairs (new path, present path) that differ only in upper case or in how accents are composed."""
    others: dict[str, list[str]] = {}
    for path in present:
        others.setdefault(_folded(path), []).append(path)
    return [(path, other) for path in added for other in others.get(_folded(path), ())[:2] if other != path]


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).lower()


def bare_repositories(paths: Iterable[str]) -> set[str]:
    """Find folders (ending in `/`; empty: the top) that git takes for a repository. Empty folders are in no commit."""
    heads, stores = set[str](), set[str]()
    for path in paths:
        *folders, name = path.split("/")
        tops = ["".join(f"{folder}/" for folder in folders[:i]) for i in range(len(folders) + 1)]
        if name == "HEAD":
            heads.add(tops[-1])
        elif name in ("config", "packed-refs"):
            stores.add(tops[-1])
        stores.update(top for top, folder in zip(tops, folders, strict=False) if folder in ("objects", "refs"))
    return heads & stores


def unusual(added: Iterable[str], base: Callable[[], Iterable[str]]) -> list[tuple[str, str]]:
    """List (path, what is wrong) of new paths that break a naming custom which the base keeps.

    :param base: lists the base's paths; called only if a new path breaks a custom.
    """
    breaches = [
        (path, fault) for path in added for fault, wrong in _CUSTOMS.items() if any(map(wrong, path.split("/")))
    ]
    if not breaches:
        return []
    base_parts = [part for path in base() for part in path.split("/")]
    kept_customs = {fault for fault in {fault for _, fault in breaches} if not any(map(_CUSTOMS[fault], base_parts))}
    return [(path, fault) for path, fault in breaches if fault in kept_customs]
