"""Decide which repository addresses may be given to git: some make it run a program, or are read as an option."""

from __future__ import annotations

import re

_SCHEMES = ("https", "http", "ssh", "git", "file", "git+ssh", "ssh+git")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_SCHEME = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]*)://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def fault(url: str) -> str | None:
    """Return why an address must not be given to git; None if it may."""
    if not url.strip():
        return "is empty"
    if (control := _CONTROL.search(url)) is not None:
        return f"contains {control[0]!r}"
    if url.startswith("-"):
        return "would be read as an option of git"
    if (helper := _HELPER.match(url)) is not None:
        return f"makes git run a remote helper, `git remote-{helper[0][:-2]}`"
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() not in _SCHEMES:
        return f"makes git run a remote helper, `git remote-{scheme[1]}`"
    return _option(url, scheme.end() if scheme else None)


def _option(url: str, after: int | None) -> str | None:
    """Return a fault if ssh would read a part of the address as an option: the user, the host, or the path."""
    if after is not None:
        host, _, path = url[after:].partition("/")
        parts = [host, *host.split("@"), path]
    elif ":" in url.partition("/")[0]:  # host:path
        host, _, path = url.partition(":")
        parts = [*host.split("@"), path]
    else:
        parts = []
    bad = next((part for part in parts if part.startswith("-")), None)
    return f"holds {bad!r}, which ssh would read as an option" if bad else None
