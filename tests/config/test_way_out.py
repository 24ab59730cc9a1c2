"""Certificates and proxy of a company: the settings, and what gateways and agents get of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phaseplan.airflow.operators.secrets import way_out
from phaseplan.attempt.secrets import SecretMissing
from phaseplan.config.settings import settings
from phaseplan.containers.gateways.gateway import policy
from phaseplan.containers.gateways.way_out import STRAIGHT, WayOut, way_out_of
from phaseplan.errors import InputFault
from phaseplan.plan.agents import AgentProfile
from tests.gateway.test_faults import certificate

BEHIND = {"use": "codex", "secrets": {"key": "c"}}
PREFIX = "AIRFLOW__PHASEPLAN__"
PASSWORD = "pässword of the proxy"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    certificate(tmp_path)
    return tmp_path / "ca.pem"


def test_without_settings_everything_is_reached_straight() -> None:
    made = way_out_of(settings())
    assert made == STRAIGHT and made.policy == {"version": 1, "ca": None} and made.files == {}
    assert made.documents(AgentProfile(image="x:1", network="bridge")) == {}


def test_a_gateway_gets_the_proxy_by_policy_and_its_login_by_a_file_that_is_emptied(
    monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    monkeypatch.setenv(f"{PREFIX}PROXY", "http://proxy.example:3128")
    monkeypatch.setenv(f"{PREFIX}NO_PROXY", "corp.example, 10.0.0.0/8")
    monkeypatch.setenv(f"{PREFIX}PROXY_LOGIN", "company")
    monkeypatch.setenv(f"{PREFIX}CA_BUNDLE", str(bundle))
    given = {"conn_type": "generic", "login": "me", "password": PASSWORD}
    monkeypatch.setenv("AIRFLOW_CONN_COMPANY", json.dumps(given))
    made = way_out()
    told = policy(AgentProfile.model_validate(BEHIND), "token", None) | made.policy
    assert (told["version"], told["proxy"], told["ca"]) == (2, "http://proxy.example:3128", "/phaseplan/ca.pem")
    assert told["no_proxy"] == ["corp.example", "10.0.0.0/8"]
    assert set(made.files) == {"ca.pem", "proxy"} and made.passing == ("proxy",)
    assert PASSWORD not in repr(made) + json.dumps(told) and made.files["proxy"].isascii()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("PROXY", "proxy.example:3128", "must be an address like"),
        ("PROXY", "socks5://proxy.example", "must be an address like"),
        ("PROXY", "http://me:pw@proxy.example:3128", "must hold no login"),
    ],
)
def test_a_proxy_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, key: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"{PREFIX}{key}", value)
    with pytest.raises(InputFault, match=words) as raised:
        settings()
    assert "me:pw" not in str(raised.value)


def test_a_login_that_airflow_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PROXY", "http://proxy.example:3128")
    monkeypatch.setenv(f"{PREFIX}PROXY_LOGIN", "nowhere")
    with pytest.raises(SecretMissing, match=r"proxy's login .*`nowhere`.*there is none of that name"):
        way_out()
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", '{"conn_type": "generic", "password": "x"}')
    with pytest.raises(SecretMissing, match="has no login"):
        way_out()


@pytest.mark.parametrize("text", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_bundle_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    monkeypatch.setenv(f"{PREFIX}CA_BUNDLE", str(tmp_path / "ca.pem"))
    with pytest.raises(InputFault, match=r"`ca_bundle`.*file of certificates in PEM"):
        way_out()


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"image": "x:1"}, False),
        ({"image": "x:1", "network": "bridge"}, True),
        (BEHIND, False),
        ({**BEHIND, "egress": ["pypi.org"]}, True),
    ],
)
def test_agents_that_reach_something_get_the_public_and_the_companys_certificates(
    bundle: Path, profile: dict[str, object], expected: bool
) -> None:
    made, agent = WayOut(certificates=bundle.read_text()), AgentProfile.model_validate(profile)
    documents, variables = made.documents(agent), made.variables(agent)
    assert bool(documents) is bool(variables) is expected
    if expected:
        text = documents["ca.pem"].decode()
        assert text.count("BEGIN CERTIFICATE") > 50 and bundle.read_text() in text
        assert variables["NODE_EXTRA_CA_CERTS"] == variables["GIT_SSL_CAINFO"] == "/phaseplan/ca.pem"
