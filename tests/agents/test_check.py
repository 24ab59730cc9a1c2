"""`phaseplan agents`: what there is, and one real task before the night."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from phaseplan.cli import agent_check
from phaseplan.cli.main import main
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from tests.agents.model_server import Model

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.usefixtures("images")]


#: Asks for a host that is not named, and does its task.
CURIOUS = """
import pathlib, urllib.request
try:
    urllib.request.urlopen("http://evil.example/")
except OSError as error:
    print(error)
pathlib.Path("phaseplan-check").mkdir()
pathlib.Path("phaseplan-check/hello.txt").write_text("hello")
"""


@pytest.fixture
def agents(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments that name an agents file with a profile for each thing that can be wrong."""
    codex = {"use": "codex", "model": "scripted", "endpoint": f"{model.url}/v1"}
    described = {"conn_type": "pydanticai", "password": "good-key-0123", "host": f"{model.url}/v1"}
    profiles = {
        "good": {**codex, "secrets": {"key": "good"}},
        "described": {"use": "codex", "secrets": {"key": "described"}},
        "refused": {**codex, "secrets": {"key": "refused"}},
        "nowhere": {**codex, "secrets": {"key": "nowhere"}},
        "unbuilt": {**codex, "image": "phaseplan/agent-codex:0.0.0"},
        "curious": {
            **codex,
            "secrets": {"key": "good"},
            "image": "phaseplan/sample-recipes:1",
            "egress": ["pypi.org"],
            "command": ["python3", "-c", CURIOUS],
        },
        "idle": {"image": "debian:bookworm-slim", "command": ["sh", "-c", "printf '\\033[2Jnothing to do\\n'"]},
        "leaky": {
            "image": "debian:bookworm-slim",
            "command": ["sh", "-c", 'mkdir phaseplan-check && echo hello > phaseplan-check/hello.txt && touch "$KEY"'],
            "secrets": {"KEY": "good"},
        },
    }
    (tmp_path / "agents.yaml").write_text(yaml.safe_dump(profiles))
    for name, key in (("good", "good-key-0123"), ("refused", "bad-key-0123")):
        value = json.dumps({"conn_type": "generic", "password": key})
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", value)
    monkeypatch.setenv("AIRFLOW_CONN_DESCRIBED", json.dumps({**described, "extra": {"model": "openai:scripted"}}))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    return ["--agents", str(tmp_path / "agents.yaml")]


def test_a_profile_that_works_says_what_it_used(agents: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    begun = time.monotonic()
    assert main(["agents", "check", "good", *agents]) == 0
    said = capfd.readouterr().out
    assert re.search(r"^\| Used 2,468 tokens in \(40 of them cached\), 112 out, price unknown", said, re.MULTILINE)
    assert (
        "\nUsed 2,468 tokens in (40 cached), 112 out, price unknown in 2 calls, as the gateway counted them.\n" in said
    )
    assert re.search(
        r"^Codex: codex-cli 0\.171\.0, image phaseplan/agent-codex:0\.171\.0 \([0-9a-f]{12}\)$", said, re.MULTILINE
    )
    assert re.search(r"^good: works, \d+ s$", said, re.MULTILINE) and "\n- " not in said
    assert "good-key-0123" not in said and time.monotonic() - begun < 300


def test_an_image_without_git_and_a_host_that_is_refused_are_a_line_each(
    agents: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["agents", "check", "curious", *agents]) == 0
    said = capfd.readouterr().out
    assert "Codex: version unknown (made for 0.171.0), image phaseplan/sample-recipes:1 (" in said
    assert "\n- image phaseplan/sample-recipes:1 has no git, with which Codex finds its way in a repository: " in said
    assert "\n- evil.example:80 is refused: name it in `egress` of the profile, if its agents may reach it\n" in said


def test_what_a_killed_check_has_left_goes_with_the_next_one(
    agents: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client, labels = engine.connect(settings().docker_url), agent_check._labels("agent", 7)
    kept, old = (replace(labels, attempt=n, claim=f"check/{int(time.time()) - age}") for n, age in ((8, 60), (9, 7200)))
    made = [
        engine.create(client, engine.Spec("debian:bookworm-slim", each, "1000:1000", 64 << 20)) for each in (kept, old)
    ]
    try:
        assert main(["agents", "check", "idle", *agents]) == 1
        assert [found.id for found in engine.find(client, ledger="check")] == made[:1], "one that may be at work stays"
    finally:
        for container in made:
            engine.remove(client, container)
    capfd.readouterr()


def test_endpoint_and_model_of_a_connection_are_named_and_used(
    agents: list[str], model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["agents", "check", "described", *agents]) == 0
    said = capfd.readouterr().out
    origin = f"endpoint {model.url}/v1 and model scripted from connection `described` (pydanticai)"
    assert said.startswith(f"agent profile described: {origin}\n") and "good-key-0123" not in said
    assert (
        "\nUsed 2,468 tokens in (40 cached), 112 out, price unknown in 2 calls, as the gateway counted them.\n" in said
    )


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        (
            "refused",
            1,
            r"\| the provider refuses the key \(401 (.|\n)*- its provider is away \(exit code 69\): the",
        ),
        (
            "nowhere",
            2,
            r"agent profile nowhere: variable OPENAI_API_KEY (.|\n)*connection `nowhere`(.|\n)*AIRFLOW_CONN_NOWHERE",
        ),
        ("unbuilt", 2, r"image phaseplan/agent-codex:0.0.0 is not on the Docker engine"),
        ("idle", 1, r"- it ended well and did not write phaseplan-check/hello.txt"),
        ("leaky", 1, r"- secrets: "),
        (
            "nobody",
            1,
            r"no agent profile 'nobody'; there are: curious, described, good, idle, leaky, nowhere, refused, unbuilt",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(
    agents: list[str], capfd: pytest.CaptureFixture[str], name: str, code: int, words: str
) -> None:
    ended = main(["agents", "check", name, *agents])
    out, err = capfd.readouterr()
    assert re.search(words, out + err), out + err
    assert "\x1b" not in out + err and "good-key-0123" not in out + err
    assert ended == code


def test_the_list_says_what_is_built(agents: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "list", *agents]) == 0
    said = capfd.readouterr().out
    assert re.search(r"^claude-code +Claude Code +2\.1\.332 +ANTHROPIC_API_KEY +[0-9a-f]{12}$", said, re.MULTILINE)
    assert re.search(r"^good +codex +scripted +http://\S+/v1$", said, re.MULTILINE)
