"""The keys of a profile that ask for a gateway: when there is one, whom it asks, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget

KEY = {"secrets": {"key": "my_connection"}}
CODEX = {"use": "codex", "model": "gpt", **KEY}
PRICES = {"gpt": {"input": 1.25, "output": 10}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (CODEX, True),
        ({**CODEX, "gateway": False}, False),
        ({**CODEX, "network": "bridge"}, False),
        ({**CODEX, "network": "bridge", "gateway": True}, True),
        ({"use": "codex", "secrets": {"OPENAI_API_KEY": "my_connection"}}, True),
        ({"use": "codex"}, False),
        ({"image": "x:1", "secrets": {"KEY": "my_connection"}}, False),
        ({"image": "x:1", "gateway": True, "egress": ["pypi.org"]}, True),
    ],
)
def test_a_key_stays_behind_a_gateway_unless_the_author_names_a_network(given: dict[str, Any], expected: bool) -> None:
    made = AgentProfile.model_validate(given)
    assert made.gateway is expected
    assert not made.gateway or made.network == "bridge"
    assert AgentProfile.model_validate(made.model_dump(mode="json")) == made


def test_a_profile_that_was_pinned_before_there_were_gateways_has_none() -> None:
    made = AgentProfile.model_validate(CODEX)
    pinned = {key: value for key, value in made.model_dump(mode="json").items() if key != "gateway"}
    assert AgentProfile.model_validate(pinned).gateway is False


@pytest.mark.parametrize(
    ("given", "kind", "base_url"),
    [
        (CODEX, "openai", "https://api.openai.com"),
        ({"use": "claude-code", **KEY}, "anthropic", "https://api.anthropic.com"),
        ({**CODEX, "endpoint": "http://proxy.example:8000/models/v1/"}, "openai", "http://proxy.example:8000/models"),
        (
            {"use": "claude-code", "endpoint": "https://x.example", **KEY},
            "anthropic",
            "https://x.example",
        ),
        ({"use": "opencode", "model": "openai/gpt", **KEY}, "openai", "https://api.openai.com"),
    ],
)
def test_the_gateway_asks_the_provider_of_the_agent_or_its_endpoint(
    given: dict[str, Any], kind: str, base_url: str
) -> None:
    provider = AgentProfile.model_validate(given).provider
    assert provider is not None and (provider.kind, provider.base_url) == (kind, base_url)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image": "x:1", "egress": ["pypi.org"]}, "egress without a gateway"),
        ({**CODEX, "gateway": False, "budget": {"tokens": 5}}, "budget without a gateway"),
        ({"image": "x:1", "gateway": True}, "a gateway that lets nothing out"),
        ({"image": "x:1", "gateway": True, "network": "none", "egress": ["a.b"]}, "needs a network that leads out"),
        ({"image": "x:1", "gateway": True, "egress": ["a.b"], "budget": {"tokens": 5}}, "without a provider"),
        ({**CODEX, "budget": {"usd": 5}}, "the price of gpt is not known"),
        ({**CODEX, "budget": {}}, "a budget of nothing"),
        ({**CODEX, "budget": {"tokens": 0}}, "greater than 0"),
        ({**CODEX, "endpoint": "https://x.example/api"}, "does not end with /v1"),
        ({**CODEX, "endpoint": "x.example/v1"}, "is no address"),
        ({"use": "opencode", "model": "google/gemini", **KEY}, "has no endpoint"),
        ({"use": "aider", "model": "anthropic/claude-opus-5-5", **KEY}, "has no endpoint"),
        ({**CODEX, "egress": ["https://pypi.org"]}, "invalid host"),
        ({**CODEX, "egress": ["pypi.org:0"]}, "invalid host"),
        ({**CODEX, "egress": ["*.pypi.org"]}, "invalid host"),
        ({**CODEX, "egress": ["PyPI.org"]}, "invalid host"),
    ],
)
def test_what_cannot_be_enforced_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AgentProfile.model_validate(given)


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.1-2026-01-31", "openai/gpt-5.1", None])
def test_dollars_are_counted_by_the_shipped_table(model: str | None) -> None:
    made = AgentProfile.model_validate({**CODEX, "model": model, "budget": {"usd": 5}})
    assert made.known_prices["gpt-5.1"]["input"] > 0


def test_a_price_of_the_profile_comes_before_the_shipped_one() -> None:
    made = AgentProfile.model_validate({**CODEX, "prices": {"gpt-5.1": {"input": 7, "output": 70}}})
    assert made.known_prices["gpt-5.1"] == {"input": 7, "output": 70}


def test_hosts_prices_and_budgets_are_taken_as_written() -> None:
    hosts = ["pypi.org", "files.example.org:8443", "private:registry.local:5000", "10.1.2.3"]
    made = AgentProfile.model_validate({**CODEX, "egress": hosts, "prices": PRICES, "budget": {"usd": 2.5}})
    assert made.egress == tuple(hosts) and made.budget == Budget(usd=2.5) and made.prices["gpt"].cached is None
