"""Line 37: a secret that a profile names and Airflow does not have is reported before any agent starts.

Was: every branch's agent started with an empty key, or its task failed with "The conn_id isn't defined", ten times for
ten branches.
Right: `open_phase` looks up each connection and field, and names profile, variable, connection and how to make it. A
secret may be a key of a connection's extra. If one is deleted while agents run, no work is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from phaseplan.airflow.operators.secrets import check_secrets, readable, secrets
from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.secrets import SecretMissing
from phaseplan.attempt.step import step
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile, SecretSource
from phaseplan.plan.digest import without_defaults
from tests.build.conftest import Stage
from tests.field.opening_place import Place

EXTRA = {"keys": {"anthropic": "sk-extra-0123"}, "port": 8080, "on": True}


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"MODEL": {"password": "sk-password-0123", "extra": EXTRA}, "EMPTY": {}}
    for name, fields in made.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "generic", **fields}))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: None) -> Iterator[Place]:
    yield Place(tmp_path, monkeypatch)


def profile(**sources: object) -> AgentProfile:
    return AgentProfile(image="debian:bookworm-slim", secrets=sources)


def test_values_come_from_passwords_and_from_keys_of_the_extra(connections: None) -> None:
    made = profile(A="model", B={"connection": "model", "field": "extra.keys.anthropic"}, C={"connection": "model"})
    assert secrets(made) == {"A": "sk-password-0123", "B": "sk-extra-0123", "C": "sk-password-0123"}
    assert secrets(profile(P={"connection": "model", "field": "extra.port"})) == {"P": "8080"}
    assert [SecretSource.parse(reference) for _, reference in made.references] == list(made.sources.values())
    assert set(readable(made.references).values()) == {"sk-password-0123", "sk-extra-0123"}


@pytest.mark.parametrize("field", ["extra.nowhere", "extra.keys", "extra.keys.anthropic.deeper", "extra.on"])
def test_a_field_without_a_value_is_named(connections: None, field: str) -> None:
    with pytest.raises(
        SecretMissing, match=f"agent profile worker: variable KEY .* {field} .* `model`, and that is empty"
    ):
        check_secrets({"worker": profile(KEY={"connection": "model", "field": field})})


@pytest.mark.parametrize("field", ["passwort", "extra", "extra.", "extra.a b", "host", ""])
def test_fields_that_no_secret_has_are_refused_by_lint(field: str) -> None:
    with pytest.raises(ValidationError):
        profile(KEY={"connection": "model", "field": field})


def test_a_password_is_hashed_as_ever_so_that_nothing_is_built_again() -> None:
    assert without_defaults(profile(A="model"))["secrets"] == {"A": "model"}


@pytest.mark.docker
def test_opening_names_profile_variable_connection_and_the_way_to_make_it(place: Place) -> None:
    place.profile["secrets"] = {"API_KEY": "nowhere"}
    message = place.refused(f"agent profile {place.agent}", "variable API_KEY", "connection `nowhere`")
    assert "`airflow connections add`" in message and "AIRFLOW_CONN_NOWHERE" in message
    place.profile["secrets"] = {"API_KEY": "empty"}
    assert "Admin, Connections" in place.refused("variable API_KEY", "connection `empty`", "that is empty")
    place.profile["secrets"] = {"API_KEY": "model"}
    place.open()


@pytest.mark.docker
@pytest.mark.parametrize("stage", ["mkdir -p a; echo $KEY | md5sum > a/file.txt"], indirect=True)
def test_a_connection_deleted_while_the_agent_runs_loses_no_work(stage: Stage) -> None:
    with stage.job(KEY="sk-0123456789") as job:
        running = step(job)
    assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None, 30)

    def gone(_: AgentProfile) -> dict[str, str]:
        raise SecretMissing("it is gone")

    with stage.job() as job:
        object.__setattr__(job, "secrets", gone)
        done = step(job)
    assert isinstance(done, Done) and done.verdict.outcome == "passed"
    assert any("cannot be looked up to be hidden: it is gone" in line for line in stage.said)
