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
    address, own_login = parted(url)
    if own_login or login:
        os.environ[VARIABLE] = json.dumps({**_remembered(), address: own_login or login})
        _hide(own_login or login)
    return address


def login_of(address: str) -> str:
    """Return the login that is known for an address: given to a command, in the configuration, or in a plan file."""
    return next(filter(None, _candidates(address)), "")


def _candidates(address: str) -> Iterator[str]:
    """Yield logins for an address, the strongest source first; an empty text where a source has none."""
    yield _remembered().get(address, "")
    config = settings()
    for url in (config.repository_override, config.repository):
        configured, login = parted(url or "")
        yield login if configured == address else ""
    if address.startswith(("http://", "https://")):
        yield from (plan.login for plan in FILES.plans(config).values() if plan.repository == address)


def _remembered() -> dict[str, str]:
    """Read the logins by address from the environment."""
    with suppress(ValueError):
        logins = json.loads(os.environ.get(VARIABLE) or "{}")
        return {str(k): str(v) for k, v in logins.items()} if isinstance(logins, dict) else {}
    return {}


def environment(address: str, login: str) -> dict[str, str]:
    """Return the environment in which git can log in; empty without a login.

    Another helper of the machine is not asked for this server: it might know another user, or write the password down.
    """
    user, colon, password = (unquote(part) for part in login.partition(":"))
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not login or any(c in user + password for c in "\n\r\0"):
        return {}
    place = f"credential.{parts.scheme}://{parts.netloc}"
    pairs = [(f"{place}.helper", ""), (f"{place}.helper", _HELPER)] if colon else [(f"{place}.username", user)]
    begin = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    variables = {
        "GIT_CONFIG_COUNT": str(begin + len(pairs)),
        "PHASEPLAN_GIT_USER": user,
        "PHASEPLAN_GIT_PASSWORD": password,
    }
    for i, (key, value) in enumerate(pairs, begin):
        variables |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return variables


def hidden(text: str, login: str) -> str:
    """Replace a login in a text, however it is written."""
    password = login.partition(":")[2]
    for secret in (login, unquote(login), password, unquote(password)):
        text = text.replace(secret, "***") if len(secret) > 3 else text
    return text


def _hide(login: str) -> None:
    """Remove a login from this process's command line, which every user of the machine may read."""
    arguments = [sys.executable, *sys.argv]
    if any(login in argument for argument in arguments):
        with suppress(ImportError):
            from setproctitle import setproctitle

            setproctitle(" ".join(argument.replace(login, "***") for argument in arguments))
