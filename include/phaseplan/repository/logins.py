"""Hand the user and password of a repository to git when git asks, and write them nowhere.

Git asks a credential helper for them, which reads two variables of its environment. So they are in no command line, no
file and no record; what is stored and shown is the address without them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from phaseplan.config.plan_cache import FILES
from phaseplan.config.settings import settings
from phaseplan.plan.login import parted

#: Of this process and those it starts: logins by address, as JSON.
VARIABLE = "PHASEPLAN_LOGINS"
_SAYS = r'printf "username=%s\npassword=%s\n" "$PHASEPLAN_GIT_USER" "$PHASEPLAN_GIT_PASSWORD"'
_HELPER = f'!f() {{ test "$1" = get && {_SAYS}; }}; f'


def keep(url: str, login: str = "") -> str:
    """Remember the login of an address for this process and those it starts.

    :param login: where the address itself has none.
    :return: the address without it.
    """
    address, found = parted(url)
    if found or login:
        os.environ[VARIABLE] = json.dumps({**_kept(), address: found or login})
        _hide(found or login)
    return address


def login_of(address: str) -> str:
    """The login that is known for an address: given to a command, in the configuration, or in a plan file here."""
    return next(filter(None, _known(address)), "")


def _known(address: str) -> Iterator[str]:
    yield _kept().get(address, "")
    here = settings()
    for url in (here.repository_override, here.repository):
        there, login = parted(url or "")
        yield login if there == address else ""
    if address.startswith(("http://", "https://")):
        yield from (plan.login for plan in FILES.plans(here).values() if plan.repository == address)


def _kept() -> dict[str, str]:
    with suppress(ValueError):
        found = json.loads(os.environ.get(VARIABLE) or "{}")
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
    return {}


def environment(address: str, login: str) -> dict[str, str]:
    """What git needs in its environment to be let in; empty without a login.

    Another helper of the machine is not asked for this server: it might know somebody else, or write the password down.
    """
    user, colon, password = (unquote(part) for part in login.partition(":"))
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not login or any(c in user + password for c in "\n\r\0"):
        return {}
    place = f"credential.{parts.scheme}://{parts.netloc}"
    pairs = [(f"{place}.helper", ""), (f"{place}.helper", _HELPER)] if colon else [(f"{place}.username", user)]
    begin = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    made = {"GIT_CONFIG_COUNT": str(begin + len(pairs)), "PHASEPLAN_GIT_USER": user, "PHASEPLAN_GIT_PASSWORD": password}
    for i, (key, value) in enumerate(pairs, begin):
        made |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return made


def hidden(text: str, login: str) -> str:
    """Text without a login, however it is written."""
    password = login.partition(":")[2]
    for secret in (login, unquote(login), password, unquote(password)):
        text = text.replace(secret, "***") if len(secret) > 3 else text
    return text


def _hide(login: str) -> None:
    """Take it out of this process's own command line, which everybody on the machine may read."""
    words = [sys.executable, *sys.argv]
    if any(login in word for word in words):
        with suppress(ImportError):
            from setproctitle import setproctitle

            setproctitle(" ".join(word.replace(login, "***") for word in words))
