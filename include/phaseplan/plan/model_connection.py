"""Take endpoint and model of an agent profile from an Airflow connection that describes a model.

The fields are those that Airflow's own providers read: `anthropic` and `openai` (host, extra.model,
extra.anthropic_client_kwargs, extra.openai_client_kwargs) and `pydanticai` of common.ai (host, extra.model as
provider:model). Of every other type only the secret is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from phaseplan.plan.agents import OPENAI, AgentProfile
from phaseplan.plan.egress import Kind
from phaseplan.plan.presets import PRESETS

PYDANTIC = "pydanticai"
TYPES = ("anthropic", "openai", PYDANTIC)
_KINDS: Mapping[str, Kind] = {
    "anthropic": "anthropic",
    "openai": "openai",
    "openai-chat": "openai",
    "openai-responses": "openai",
}
#: Providers of common.ai with a protocol of their own, at whatever address.
_OTHERS = ("azure", "bedrock", "cohere", "gateway", "google", "google-cloud", "google-gla", "google-vertex")
_TITLES: Mapping[Kind, str] = {"anthropic": "Anthropic's", "openai": "OpenAI's", "gemini": "Gemini's"}


@dataclass(frozen=True)
class ModelConnection:
    """Hold the fields of an Airflow connection of one of TYPES, without its password.

    :param id: of the connection.
    """

    id: str
    type: str
    host: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str | None:
        """Return the base URL of the provider, where the connection names one."""
        return _text(client_arguments(self.type, self.extra).get("base_url")) or self.host or None

    @property
    def model(self) -> str | None:
        """Return the model's name without its provider."""
        named = _text(self.extra.get("model"))
        return (named.partition(":")[2] if self._prefix else named) or None

    @property
    def kind(self) -> Kind | None:
        """Return the protocol that its provider speaks; None: the connection does not say, or not one that we know."""
        if self.type != PYDANTIC:
            return _KINDS[self.type]
        asked_as_openai = self._prefix and self.endpoint and self._prefix not in _OTHERS
        return _KINDS.get(self._prefix) or ("openai" if asked_as_openai else None)

    @property
    def provider(self) -> str:
        """Return what the connection calls its provider."""
        return self._prefix or self.type

    @property
    def _prefix(self) -> str:
        """Return the provider that a model of common.ai is named with; empty: none."""
        named = _text(self.extra.get("model"))
        return named.partition(":")[0] if self.type == PYDANTIC and ":" in named else ""


def client_arguments(type_: str, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments that a provider's hook gives to its client."""
    found = extra.get(f"{type_}_client_kwargs")
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def completed(profile: AgentProfile, connection: ModelConnection | None) -> AgentProfile:
    """Return a profile with what it does not say itself of endpoint and model, and the connection of its key does.

    :param connection: None: it is of another type.
    :raises ValueError: the connection is of a model that the profile's agent cannot ask.
    """
    taken = _taken(profile, connection) if connection else {}
    if taken:
        try:
            profile = AgentProfile.model_validate(profile.model_dump(mode="json") | taken)
        except ValidationError as error:
            raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    if profile.unnamed_model and profile.provider is not None:
        raise ValueError("neither it nor the profile names a model, and OpenCode would choose one of another provider")
    return profile


def _taken(profile: AgentProfile, connection: ModelConnection) -> dict[str, str]:
    """Return endpoint and model that a profile lacks and a connection has."""
    platform = _text(connection.extra.get("platform")) or "anthropic"
    if connection.type == "anthropic" and platform != "anthropic":
        raise ValueError(f"its platform is {platform}, which takes no key: only Anthropic's own does")
    endpoint = connection.endpoint if not profile.endpoint else None
    model = connection.model if not profile.model else None
    if profile.use is None or not (endpoint or model):
        return {}
    preset, kind = PRESETS[profile.use], connection.kind
    if kind is None and connection.provider not in (PYDANTIC, *_OTHERS):
        raise ValueError(f"its model is of {connection.provider}, whose address is not known: write it into host")
    if kind != preset.kind and connection.provider != PYDANTIC:
        raise ValueError(
            f"its model is of {connection.provider}, and {preset.title} asks by {_TITLES[preset.kind]} protocol"
        )
    if endpoint:
        _check_address(endpoint)
    if model and profile.use == "opencode" and not (endpoint or profile.endpoint):
        model = OPENAI + model.removeprefix(OPENAI)
    return {key: value for key, value in (("endpoint", endpoint), ("model", model)) if value}


def _check_address(endpoint: str) -> None:
    """Refuse an address that would carry a login into records and environments, without saying it."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("its host is no address: write one that begins with http:// or https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "its host has a login or a query in it, which would be written down: the key belongs into the password"
        )


def origin(name: str, written: AgentProfile, whole: AgentProfile, connection: ModelConnection | None) -> str:
    """Say what of a profile comes from the connection of its key; empty: nothing does."""
    parts = [
        f"{key} {value}"
        for key in ("endpoint", "model")
        if (value := getattr(whole, key)) and not getattr(written, key)
    ]
    if connection is None or not parts:
        return ""
    return f"agent profile {name}: {' and '.join(parts)} from connection `{connection.id}` ({connection.type})"
