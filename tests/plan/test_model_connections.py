"""What a profile does not say of endpoint and model, the Airflow connection of its key may say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phaseplan.airflow.operators.secrets import check_secrets, completed, secrets
from phaseplan.attempt.secrets import BadConnection, SecretMissing
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import sha256, without_defaults

KEY = "sk-of-this-test-0123"


def connect(monkeypatch: pytest.MonkeyPatch, kind: str, **fields: Any) -> None:
    value = {"conn_type": kind, "password": KEY, **fields}
    monkeypatch.setenv("AIRFLOW_CONN_MODELS", json.dumps(value))


def profile(use: str, **keys: Any) -> AgentProfile:
    return AgentProfile.model_validate({"use": use, "secrets": {"key": "models"}, **keys})


@pytest.mark.parametrize(
    ("use", "kind", "fields", "endpoint", "model"),
    [
        ("claude-code", "anthropic", {"extra": {"model": "claude-a"}}, None, "claude-a"),
        ("claude-code", "anthropic", {"host": "https://models.example"}, "https://models.example", None),
        (
            "claude-code",
            "anthropic",
            {"host": "https://no.example", "extra": {"anthropic_client_kwargs": {"base_url": "https://yes.example"}}},
            "https://yes.example",
            None,
        ),
        ("codex", "openai", {"host": "http://lite:4000/v1"}, "http://lite:4000/v1", None),
        ("codex", "pydanticai", {"extra": {"model": "openai:gpt-a"}}, None, "gpt-a"),
        ("claude-code", "pydanticai", {"extra": {"model": "anthropic:claude-a"}}, None, "claude-a"),
        ("codex", "pydanticai", {"host": "http://o:1/v1", "extra": {"model": "ollama:q:7b"}}, "http://o:1/v1", "q:7b"),
        ("codex", "pydanticai", {"host": "http://o:1/v1", "extra": {"model": "bare"}}, "http://o:1/v1", "bare"),
        ("opencode", "pydanticai", {"extra": {"model": "openai-chat:gpt-a"}}, None, "openai/gpt-a"),
        ("opencode", "openai", {"host": "http://l/v1", "extra": {"model": "gpt-a"}}, "http://l/v1", "gpt-a"),
        ("codex", "generic", {"host": "http://no.example/v1", "extra": {"model": "no"}}, None, None),
        ("codex", "pydanticai_azure", {"host": "https://no.example", "extra": {"model": "azure:no"}}, None, None),
        ("codex", "anthropic", {}, None, None),
    ],
)
def test_endpoint_and_model_come_from_a_connection_of_a_model(
    monkeypatch: pytest.MonkeyPatch,
    use: str,
    kind: str,
    fields: dict[str, Any],
    endpoint: str | None,
    model: str | None,
) -> None:
    connect(monkeypatch, kind, **fields)
    whole = completed(profile(use))
    assert (whole.endpoint, whole.model) == (endpoint, model)
    assert whole.environment.get("PHASEPLAN_MODEL") == model
    assert whole.provider is not None
    assert secrets(profile(use)) == {whole.key_variable: KEY}
    lines = check_secrets({"night": profile(use)})
    assert bool(lines) is bool(endpoint or model)
    assert all(f"from connection `models` ({kind})" in line and KEY not in line for line in lines)


def test_what_the_profile_says_itself_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "openai", host="http://lite:4000/v1", extra={"model": "theirs"})
    said = profile("codex", model="ours", endpoint="https://ours.example/v1")
    assert completed(said) == said and check_secrets({"night": said}) == []
    mixed = completed(profile("codex", model="ours"))
    assert (mixed.model, mixed.endpoint) == ("ours", "http://lite:4000/v1")


def test_a_key_among_the_arguments_of_the_client_is_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "openai", password="", extra={"openai_client_kwargs": {"api_key": "sk-argument"}})
    assert secrets(profile("codex")) == {"OPENAI_API_KEY": "sk-argument"}


@pytest.mark.parametrize(
    ("use", "kind", "fields", "words"),
    [
        ("claude-code", "openai", {"extra": {"model": "gpt"}}, "Claude Code asks by Anthropic's protocol"),
        ("codex", "pydanticai", {"extra": {"model": "anthropic:claude-a"}}, "its model is of anthropic"),
        ("codex", "pydanticai", {"host": "https://x/v1", "extra": {"model": "google:gemini"}}, "is of google, and"),
        ("codex", "pydanticai", {"extra": {"model": "openrouter:x/y"}}, "whose address is not known"),
        ("claude-code", "anthropic", {"extra": {"platform": "bedrock"}}, "its platform is bedrock"),
        ("codex", "openai", {"host": "lite:4000/v1"}, "no address"),
        ("codex", "openai", {"host": "http://lite:4000"}, "does not end with /v1"),
        ("codex", "openai", {"host": f"https://me:{KEY}@lite/v1"}, "a login or a query"),
        ("codex", "openai", {"host": f"https://lite/v1?key={KEY}"}, "a login or a query"),
        ("opencode", "pydanticai", {}, "names a model"),
        ("opencode", "generic", {}, "names a model"),
    ],
)
def test_a_connection_that_the_agent_cannot_use_is_named_and_its_secrets_are_not(
    monkeypatch: pytest.MonkeyPatch, use: str, kind: str, fields: dict[str, Any], words: str
) -> None:
    connect(monkeypatch, kind, **fields)
    with pytest.raises(BadConnection, match=r"agent profile night: the Airflow connection `models`") as raised:
        check_secrets({"night": profile(use)})
    assert words in str(raised.value) and KEY not in str(raised.value)


def test_a_budget_in_dollars_wants_the_price_of_the_model_that_the_connection_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch, "openai", extra={"model": "unheard-of"})
    with pytest.raises(BadConnection, match="the price of unheard-of is not known"):
        completed(profile("codex", budget={"usd": 5}))


def test_a_missing_connection_is_named_as_for_any_secret() -> None:
    with pytest.raises(SecretMissing, match="there is none of that name"):
        completed(AgentProfile.model_validate({"use": "codex", "secrets": {"key": "no_such_connection"}}))


def test_what_is_built_again_follows_from_what_the_author_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    written = profile("codex")
    before = sha256(without_defaults(written))
    connect(monkeypatch, "openai", extra={"model": "gpt-a"})
    assert completed(written).model == "gpt-a"
    assert sha256(without_defaults(written)) == before and "model" not in without_defaults(written)
