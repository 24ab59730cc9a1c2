"""Take user and password out of a repository's address: they must not stand in a plan, record, path or command line."""

from __future__ import annotations

import re

_ASKS = ("http", "https", "ftp", "ftps")  # transports in which the whole part before `@` is the login
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<login>[^/]*)@(?P<rest>\S*)")
#: A password with an unencoded slash: the text before the slash is then not a host and port.
_UNCODED = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<login>[^/@:]*:(?![0-9]*/)[^@]*/.*)@(?P<rest>[^@\s]+)")
#: git would take the user for the host and the rest for a path, and print all of it.
_SCP = re.compile(r"(?P<user>[^/\s:@]+):(?P<password>[^/\s@]+)@(?P<rest>[^/\s:@]+:\S*)")
_SHOWN = re.compile(
    r"(?<=://)[^/\s'\"]*:(?![0-9]+/)\S*(?=@)"  # to the last @ of the word: a password may hold anything
    r"|(?:(?<=http://)|(?<=https://))[^/\s'\":]+(?=@)"  # a token alone
    r"|(?<![^\s'\"])[^/\s:@'\"]+:[^/\s@'\"]+(?=@[^/\s:@]+:)"
)


def parted(url: str) -> tuple[str, str]:
    """Split an address into the address without login and the login (`user:password`, as it was written).

    Of other transports than HTTP the user stays, because it is part of the address and opens nothing by itself.

    >>> parted("https://ann:s3cret@example.org/a.git")
    ('https://example.org/a.git', 'ann:s3cret')
    >>> parted("ssh://git@example.org/a.git")
    ('ssh://git@example.org/a.git', '')
    """
    if "://" not in url:
        scp = _SCP.fullmatch(url.strip())
        return (f"{scp['user']}@{scp['rest']}", f"{scp['user']}:{scp['password']}") if scp else (url, "")
    match = _URL.fullmatch(url.strip()) or _UNCODED.fullmatch(url.strip())
    if match is None or not match["login"]:
        return url, ""
    if match["scheme"].lower() in _ASKS:
        return f"{match['scheme']}://{match['rest']}", match["login"]
    user, colon, _ = match["login"].partition(":")
    return (f"{match['scheme']}://{user}@{match['rest']}", match["login"]) if colon else (url, "")


def masked(text: str) -> str:
    """Replace passwords in addresses of a line by stars, as many as there were characters."""
    return _SHOWN.sub(lambda match: "*" * len(match[0]), text)
