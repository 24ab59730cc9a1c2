"""Find which forge a connection is of, where its API is, and what the target repository is called there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from phaseplan.delivery.forge import Forge
from phaseplan.delivery.gitea import Gitea
from phaseplan.delivery.github import GitHub
from phaseplan.delivery.gitlab import GitLab
from phaseplan.errors import InputFault
from phaseplan.plan.delivery import Delivery

_SCP = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")  # git@host:owner/name.git
_KINDS: dict[str, Callable[[str, str, str, str], Forge]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
    "forgejo": Gitea,
}
_APIS = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1", "forgejo": "/api/v1"}
_HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "forgejo", "gitea.com": "gitea"}
_PREFIXES = {"github.": "github", "gitlab.": "gitlab", "gitea.": "gitea", "forgejo.": "forgejo"}
_ACTS = re.compile(r"[\s<>\"'\\`|()\[\]]")  # in Markdown or HTML
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Access:
    """Hold what an operator has said of a forge.

    :param name: of the connection.
    :param address: its host as it was written, with or without `https://` and a path.
    :param kind: its type, which may be no forge's.
    """

    name: str
    address: str
    kind: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Site:
    """Hold a forge: where its API is, and the host of its pages."""

    kind: str
    root: str
    host: str


@dataclass(frozen=True)
class OpenForge:
    """Hold a forge that is asked about one repository."""

    forge: Forge
    host: str

    def page(self, url: str) -> str:
        """Return the address of a page if it is one of the forge, else nothing: an answer may hold any address."""
        return _page(url, self.host)


def forge_of(access: Access, deliver: Delivery, remote: str) -> OpenForge:
    """Return the forge of a connection, for one repository.

    :param remote: URL of the target repository, without a login.
    :raises InputFault: which forge, or which repository of it, is not known.
    """
    site = site_of(access, deliver.forge)
    project = deliver.project or project_of(remote)
    if project is None or (site.kind != "gitlab" and project.count("/") != 1):
        raise InputFault(
            f"what {remote} is called on {site.host} cannot be told from its address. "
            "Next: write `project: owner/name` into `deliver` of the plan"
        )
    return OpenForge(_KINDS[site.kind](site.root, project, access.name, access.token), site.host)


def site_of(access: Access, forge: str | None = None) -> Site:
    """Return where a connection's forge is.

    :param forge: which one the plan says that it is.
    :raises InputFault: its host is none, is not asked over TLS, or does not say which forge it is.
    """
    where = f"the host of the Airflow connection `{access.name}`"
    text = access.address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InputFault(f"{where} is no address. Next: write the forge's, such as https://github.com") from None
    if not host:
        raise InputFault(f"{where} is empty. Next: write the forge's address into it, such as https://github.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise InputFault(f"{where} would be sent the token without TLS. Next: let it begin with https://")
    kind = forge or _kind(access.kind, host)
    if kind is None:
        raise InputFault(
            f"{where}, {host}, does not say which forge it is. Next: write `forge:` into the plan's `deliver`"
        )
    return Site(
        kind, _root(kind, parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/")), web_host(host)
    )


def web_host(host: str) -> str:
    """Return the host of the pages of which an API's host is known."""
    return "github.com" if host == "api.github.com" else host


def page_on(remote: str, url: str) -> str:
    """Return the address of a page if it is on the very host of a repository's URL, else nothing.

    A record may have been written by hand, and shows what reads it no link to anywhere else.
    """
    match = _SCP.fullmatch(remote)
    host = match[1] if match and "://" not in remote else urlsplit(remote).hostname if "://" in remote else ""
    return _page(url, (host or "").lower()) if host else ""


def _page(url: str, host: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and web_host((parts.hostname or "").lower()) == web_host(host)
    except ValueError:
        return ""
    return url if sound and not parts.username and not _ACTS.search(url) else ""


def project_of(remote: str) -> str | None:
    """Return `owner/name` from a repository's URL; None for a folder."""
    if "://" in remote:
        parts = urlsplit(remote)
        if parts.scheme not in ("http", "https", "ssh", "git", "git+ssh", "ssh+git"):
            return None
        path = unquote(parts.path)
    elif match := _SCP.fullmatch(remote):
        path = match[2]
    else:
        return None
    steps = [step for step in path.removesuffix("/").removesuffix(".git").split("/") if step]
    sound = len(steps) >= 2 and not any(step in (".", "..") or re.search(r"[^\w.-]", step) for step in steps)
    return "/".join(steps) if sound else None


def _kind(kind: str, host: str) -> str | None:
    if kind.lower() in _KINDS:
        return kind.lower()
    known = _HOSTS.get(web_host(host))
    return known or next((value for prefix, value in _PREFIXES.items() if host.startswith(prefix)), None)


def _root(kind: str, scheme: str, netloc: str, path: str) -> str:
    if kind == "github" and web_host(netloc.lower()) == "github.com":
        return "https://api.github.com"
    return f"{scheme}://{netloc}{path if path.endswith(_APIS[kind]) else path + _APIS[kind]}"
