"""Read what the worker has decided for this attempt: /phaseplan/policy.json and /phaseplan/key."""

import json
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
    :param wait: seconds that one call may wait for its provider.
    :param silence: seconds without a byte after which a connection counts as lost.
    """

    token: str
    kind: str | None
    base_url: str
    egress: tuple
    tokens: int | None
    usd: float | None
    prices: dict
    wait: float
    silence: float
    record_limit: int
    ca: str | None


def read(folder):
    """Return the policy and the real key.

    :raises Unusable: with a sentence that says what is wrong with which file; never with the key.
    """
    try:
        with open(f"{folder}/policy.json", encoding="utf-8") as file:
            policy = _policy(json.load(file))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unusable(f"policy.json is not usable: {type(error).__name__}: {error}") from None
    return policy, _key(f"{folder}/key") if policy.kind else ""


def _policy(data):
    if data["version"] != 1:
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
        prices={str(model): _price(price) for model, price in (data.get("prices") or {}).items()},
        wait=float(data.get("wait", 600.0)),
        silence=float(data.get("silence", 900.0)),
        record_limit=int(data.get("record_limit", 1 << 20)),
        ca=data.get("ca"),
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


def _key(path):
    try:
        with open(path, encoding="ascii") as file:
            key = file.read().strip()
    except (OSError, ValueError) as error:
        raise Unusable(f"the file of the key is not usable: {type(error).__name__}") from None
    if not key or not key.isprintable() or " " in key:
        raise Unusable("the key is empty, or has characters that no HTTP header may have")
    return key
