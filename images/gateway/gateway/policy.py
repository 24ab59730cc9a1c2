"""Read what the worker has decided for this attempt: /phaseplan/policy.json and /phaseplan/key."""

import json
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("anthropic", "openai", "gemini")


class Unusable(Exception):
    """The worker has written something that a gateway cannot work with."""


@dataclass(frozen=True)
class Price:
    """US dollars of a million tokens.

    :param written: of input that the provider puts into its cache.
    """

    input: float
    output: float
    cached: float
    written: float


@dataclass(frozen=True)
class Policy:
    """The limits and the key of this attempt.

    :param token: what the agent sends as its key.
    :param tokens: how many are left for the attempt; None is no limit.
    :param usd: the same in dollars.
    :param names: what to call either, by `tokens` or `usd`, where it is part of a budget that others share.
    :param wait: seconds that one call may wait for its provider.
    :param silence: seconds without a byte after which a connection counts as lost.
    :param ca: a file of certificates that are trusted beside those of the image.
    :param proxy: address of the proxy through which everything outside is reached, without a login.
    :param no_proxy: hosts that are reached without it.
    """

    token: str
    kind: str | None
    base_url: str
    egress: tuple
    tokens: int | None
    usd: float | None
    names: dict
    prices: dict
    wait: float
    silence: float
    record_limit: int
    ca: str | None
    proxy: str | None
    no_proxy: tuple


def read(folder):
    """Return the policy, the real key, and the proxy's login.

    :raises Unusable: with a sentence that says what is wrong with which file; never with the key.
    """
    try:
        with open(f"{folder}/policy.json", encoding="utf-8") as file:
            policy = _policy(json.load(file))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unusable(f"policy.json is not usable: {type(error).__name__}: {error}") from None
    key = _secret(f"{folder}/key", "key") if policy.kind else ""
    login = f"{folder}/proxy"
    return (
        policy,
        key,
        _secret(login, "proxy's login") if policy.proxy and os.path.isfile(login) and os.path.getsize(login) else "",
    )


def _policy(data):
    if data["version"] not in (1, 2):  # 2: with a proxy, which an older gateway would pass by
        raise ValueError(f"version {data['version']!r} is not known here")
    provider, budget = data.get("provider") or {}, data.get("budget") or {}
    kind = provider.get("kind")
    if provider and (kind not in KINDS or urlsplit(provider["base_url"]).scheme not in ("http", "https")):
        raise ValueError(f"provider has a kind of {', '.join(KINDS)}, and a base_url of http or https")
    if provider and not data["token"]:
        raise ValueError("token is empty")
    return Policy(
        token=str(data.get("token") or ""),
        kind=kind,
        base_url=str(provider.get("base_url", "")),
        egress=tuple(map(str, data.get("egress") or ())),
        tokens=None if budget.get("tokens") is None else int(budget["tokens"]),
        usd=None if budget.get("usd") is None else float(budget["usd"]),
        names={str(unit): str(name) for unit, name in (budget.get("names") or {}).items()},
        prices={str(model): _price(price) for model, price in (data.get("prices") or {}).items()},
        wait=float(data.get("wait", 600.0)),
        silence=float(data.get("silence", 900.0)),
        record_limit=int(data.get("record_limit", 1 << 20)),
        ca=data.get("ca"),
        proxy=_proxy(data.get("proxy")),
        no_proxy=tuple(map(str, data.get("no_proxy") or ())),
    )


def _price(data):
    tokens = float(data["input"])
    cached, written = data.get("cached"), data.get("written")
    return Price(
        input=tokens,
        output=float(data["output"]),
        cached=tokens if cached is None else float(cached),
        written=tokens if written is None else float(written),
    )


def _proxy(address):
    if address and (urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname):
        raise ValueError("proxy is an address of http or https")
    return address or None


def _secret(path, what):
    try:
        with open(path, encoding="ascii") as file:
            value = file.read().strip()
    except (OSError, ValueError) as error:
        raise Unusable(f"the file of the {what} is not usable: {type(error).__name__}") from None
    if not value or not value.isprintable() or " " in value:
        raise Unusable(f"the {what} is empty, or has characters that no HTTP header may have")
    return value
