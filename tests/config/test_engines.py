"""The engines file: what it may say, what a bad value is told, and which engines a profile may be on."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.config.engines import engines, placed
from phaseplan.config.settings import PREFIX
from phaseplan.errors import InputFault
from phaseplan.gates.diff import without_defaults
from phaseplan.plan.agents import ASIDE, AgentProfile
from phaseplan.plan.engines import EngineEntry, fitting, queue_of

FILE = """\
here: {url: "unix:///var/run/docker.sock", agents: 4}
big: {url: "tcp://10.0.0.5:2376", agents: 20, cpus: 16, memory: 64g, labels: [gpu, big], connection: docker_big}
farm: {queue: farm-workers, agents: 8, labels: [farm]}
lab: {queue: lab-workers, agents: 2, labels: [farm, lab]}
"""
BAD = (
    ('a: {url: "http://x", agents: 1}', "1:10: ", "invalid address. Next: write unix:///"),
    ("a: {url: unix:relative, agents: 1}", "1:10: ", "invalid address"),
    ('a: {url: "tcp://host", agents: 1}', "1:10: ", "invalid address"),
    ('a: {url: "tcp://me:secret@host:1", agents: 1}', "1:10: ", "a password in the address"),
    ('a: {url: "ssh://-oProxyCommand=x/", agents: 1}', "1:10: ", "do not begin with -"),
    ('a: {url: "ssh://me:secret@host", agents: 1}', "1:10: ", "a password in the address"),
    ("a: {agents: 1}", "1:4: ", "a url, or the queue"),
    ('a: {url: "unix:///x", queue: q, agents: 1}', "1:4: ", "a url, or the queue"),
    ('a: {url: "unix:///x"}', "1:4: ", "agents"),
    ('a: {url: "unix:///x", agents: 0}', "1:31: ", "0"),
    ('a: {url: "unix:///x", agents: 1, memory: 1}', "1:42: ", "6m"),
    ("a: {queue: two words, agents: 1}", "1:12: ", "invalid queue"),
    (
        'a: {url: "unix:///x", agents: 1, connection: c}',
        "1:4: ",
        "connection without a tcp url. Next: write one of tcp://",
    ),
    ('a: {url: "unix:///x", agents: 1, size: 3}', "1:34: ", "size"),
)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def written(text: str) -> Path:
        path = tmp_path / "engines.yaml"
        path.write_text(text)
        monkeypatch.setenv(f"{PREFIX}ENGINES", str(path))
        return path

    return written


def profile(**more: object) -> AgentProfile:
    return AgentProfile.model_validate({"image": "debian:12", **more})


@pytest.mark.parametrize(("text", "where", "why"), BAD)
def test_bad_value_is_one_sentence_with_file_and_line(write, text: str, where: str, why: str) -> None:
    path = write(text + "\n")
    with pytest.raises(InputFault) as caught:
        engines()
    message = str(caught.value)
    assert message.startswith(f"{path}:{where}") and why in message and "\n" not in message, message
    assert "secret" not in message


def test_what_makes_no_set_of_engines_is_refused(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a: {queue: q, agents: 1}\nb: {queue: q, agents: 1}\n")
    with pytest.raises(InputFault, match="two engines have the queue q"):
        engines()
    write("{}\n")
    with pytest.raises(InputFault, match="names no engine"):
        engines()
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(tmp_path / "none.yaml"))
    with pytest.raises(InputFault, match="must be a file that exists"):
        engines()


def test_without_a_file_nothing_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{PREFIX}ENGINES", raising=False)
    assert engines() == {}
    assert placed({}, "p", profile()) == {} and queue_of({}, profile(needs=["gpu"])) is None
    with pytest.raises(InputFault, match="agent profile p says `engine` or `needs`, and there is no engines file"):
        placed({}, "p", profile(needs=["gpu"]))


def test_a_profile_may_be_where_its_needs_are(write) -> None:
    write(FILE)
    found = engines()
    assert found["big"] == EngineEntry(
        url="tcp://10.0.0.5:2376", agents=20, cpus=16, memory=64 << 30, labels=("gpu", "big"), connection="docker_big"
    )
    assert list(fitting(found, profile())) == ["here", "big"], "an address comes before a queue"
    assert list(fitting(found, profile(needs=["gpu"]))) == ["big"]
    assert list(fitting(found, profile(engine="here"))) == ["here"]
    assert queue_of(found, profile(needs=["lab"])) == "lab-workers"
    assert queue_of(found, profile(engine="farm")) == "farm-workers"
    assert queue_of(found, profile()) is None
    with pytest.raises(InputFault, match=r"agent profile p: no engine fits needs \[gpu, farm\]"):
        placed(found, "p", profile(needs=["gpu", "farm"]))
    with pytest.raises(InputFault, match="no engine fits engine none: the engines file has here, big, farm, lab"):
        placed(found, "p", profile(engine="none"))
    with pytest.raises(InputFault, match="engines farm and lab fit, each with a queue"):
        placed(found, "p", profile(needs=["farm"]))


def test_where_work_is_done_builds_nothing_anew() -> None:
    assert {"engine", "needs"} <= set(ASIDE)
    assert without_defaults(profile()) == {"image": "debian:12"}
