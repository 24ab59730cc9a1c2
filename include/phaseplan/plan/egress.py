"""Define hosts that a gateway lets an agent reach, and the models' providers that it stands for."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from phaseplan.plan.kinds import Real

Kind = Literal["anthropic", "openai", "gemini"]  # of the protocol that a provider speaks

_HOST = re.compile(r"(private:)?[a-z0-9_]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?")


def _host(value: str) -> str:
    port = value.removeprefix("private:").partition(":")[2]
    if not _HOST.fullmatch(value) or (port and not 1 <= int(port) <= 65535):
        raise ValueError(
            f"invalid host {value!r}: write a name in small letters, with a port if it is not 80 or 443, "
            "for example pypi.org or files.example.org:8443; private: before it for one in a network of your own"
        )
    return value


Host = Annotated[str, AfterValidator(_host)]


class Price(BaseModel):
    """Say what a model costs, in US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Real = Field(ge=0, allow_inf_nan=False)
    output: Real = Field(ge=0, allow_inf_nan=False)
    cached: Real | None = Field(default=None, ge=0, allow_inf_nan=False)  # None: as much as other input
    written: Real | None = Field(default=None, ge=0, allow_inf_nan=False)  # into the provider's cache; None: the same


class Provider(BaseModel):
    """Name the provider that a gateway asks for answers.

    :param base_url: what comes before `/v1/...`.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    base_url: str


def base_of(kind: Kind, endpoint: str) -> str:
    """Return what comes before `/v1/...` in an endpoint as a profile names it.

    :raises ValueError: the endpoint has no such place, so a gateway cannot stand for it.
    """
    if not endpoint.startswith(("http://", "https://")):
        raise ValueError(f"endpoint {endpoint} is no address: write http:// or https://")
    bare = endpoint.rstrip("/")
    if kind == "openai" and not bare.endswith("/v1"):
        raise ValueError(f"endpoint {endpoint} does not end with /v1: a gateway cannot stand for it (gateway: false)")
    return bare.removesuffix("/v1")
