"""Make the address at which a known forge compares two commits, from host and path only."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

_SCP = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")  # git@host:owner/name.git
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_PLAIN = {"github.com", "codeberg.org", "gitea.com", "code.forgejo.org"}
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def compare_url(remote: str, base: str, head: str) -> str | None:
    """Return the page of the target repository's forge that shows what `head` adds to `base`.

    :param remote: URL of the target repository, with or without a user and a password in it.
    :param base: a full commit id, as `head`.
    :return: None for an unknown forge, a folder, or ids that are no commits.
    """
    place = _place(remote)
    if place is None or not _SHA.fullmatch(base) or not _SHA.fullmatch(head):
        return None
    host, path = place
    top = f"https://{host}/{quote(path)}"
    if host.startswith("gitlab."):
        return f"{top}/-/compare/{base}...{head}"
    if host == "bitbucket.org":
        return f"{top}/branches/compare/{head}%0D{base}#diff"
    if host in _PLAIN or host.startswith(("gitea.", "forgejo.")):
        return f"{top}/compare/{base}...{head}"
    return None


def _place(remote: str) -> tuple[str, str] | None:
    """Return host and path of a repository as browsers name them, without the port, which is git's own."""
    if "://" in remote:
        try:
            parts = urlsplit(remote)
            host, path = parts.hostname or "", unquote(parts.path)
        except ValueError:  # a host or port that is none
            return None
        if parts.scheme not in ("http", "https", "ssh", "git"):
            return None
    elif match := _SCP.fullmatch(remote):
        host, path = match[1].lower(), match[2]
    else:
        return None
    steps = [step for step in path.removesuffix("/").removesuffix(".git").split("/") if step]
    sound = _HOST.fullmatch(host) and len(steps) >= 2 and not any(step in (".", "..") for step in steps)
    return (host, "/".join(steps)) if sound else None
