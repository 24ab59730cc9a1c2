"""A Docker engine of its own behind TLS: a branch is built there with the keys of a connection; bad ones are named."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from phaseplan.airflow.operators.engines import opened
from phaseplan.attempt.job import Again, Done, Running, Untouched
from phaseplan.attempt.secrets import SecretMissing
from phaseplan.attempt.step import step
from phaseplan.cli.main import main
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.address import Keys, open_engine
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.containers.log_following import follow
from phaseplan.errors import PhaseplanError
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import EngineEntry
from tests.build.conftest import Stage, staged
from tests.certificates import Authority
from tests.kills.engine import PrivateEngine

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("dockerd") is None, reason="an engine is started by root"),
]
Connect = Callable[..., None]
FILES = {"cacert": "ca", "cert": "cert", "key": "key"}


@dataclass(frozen=True)
class Guarded:
    """An engine that lets in who shows a certificate of one authority."""

    url: str
    authority: Authority

    def entry(self) -> EngineEntry:
        """The engine as the engines file has it."""
        return EngineEntry(url=self.url, agents=5, connection="far_engine")


@pytest.fixture(scope="module", params=[1], ids=["valid"])
def guarded(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Guarded]:
    """Start dockerd with certificates; the parameter is for how many days its own holds."""
    top, authority = tmp_path_factory.mktemp("guarded"), Authority("engines of a test")
    certificate, key = authority.sign("engine", days=request.param)
    for name, pem in (("ca", authority.pem), ("cert", certificate), ("key", key)):
        (top / f"{name}.pem").write_text(pem)
    tls = ["--tlsverify", *(f"--tls{option}={top}/{name}.pem" for option, name in FILES.items())]
    door = socket.create_server(("127.0.0.1", 0))
    made = PrivateEngine(top / "engine", door, tls)
    try:
        made.start()
        if request.param > 0:
            made.load(("debian:bookworm-slim", settings().collector_image))
        yield Guarded(f"tcp://127.0.0.1:{door.getsockname()[1]}", authority)
    finally:
        made.stop()
        door.close()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Write the Airflow connection `far_engine`."""

    def write(authority: Authority, signer: Authority, *, days: int = 1, with_key: bool = True) -> None:
        certificate, key = signer.sign("worker", days=days)
        extra = {"authority": authority.pem, "certificate": certificate}
        made = {"conn_type": "generic", "password": key if with_key else "", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_FAR_ENGINE", json.dumps(made))

    return write


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    script = "mkdir -p a; echo begun; echo hello > a/file.txt; echo ended"
    (tmp_path / "stage").mkdir()
    with staged(
        tmp_path / "stage", AgentProfile(image="debian:bookworm-slim", command=("sh", "-c", script), timeout=60)
    ) as made:
        yield made


def played(stage: Stage, guarded: Guarded) -> Running | Done | Again | Untouched:
    """One start of the branch's task, on a worker that has the engine by its address and a connection."""
    fleet = Fleet({"far": guarded.entry()}, stage.client, opened)
    try:
        with stage.job() as job:
            return step(replace(job, fleet=fleet))
    finally:
        fleet.close()


def test_a_branch_is_built_on_an_engine_behind_tls(stage: Stage, guarded: Guarded, connect: Connect) -> None:
    connect(guarded.authority, guarded.authority)
    running = played(stage, guarded)
    assert isinstance(running, Running) and running.engine == "far"
    assert stage.snapshot().started["7.1.1"][1].machine.startswith("far on ")
    certificate, key = guarded.authority.sign("a person")
    client, lines = open_engine(guarded.url, Keys(guarded.authority.pem, certificate, key)), list[str]()
    ended = follow(client, running.container, lines.append, 60)
    assert ended is not None and ended.code == 0 and lines == ["begun", "ended"]
    done = played(stage, guarded)
    while isinstance(done, Running):
        done = played(stage, guarded)
    assert isinstance(done, Done) and done.verdict.outcome == "passed", done
    ledger = stage.snapshot().ledger
    assert ledger is not None and engine.find(client, ledger=ledger.id) == [] == stage.containers()
    client.close()


#: By what is wrong: whether the worker trusts another authority, whether another one has signed its certificate, for
#: how many days that holds, whether it has its key; and what is said of it.
WRONG = {
    "authority": (True, False, 1, True, "its own certificate is not signed by the `authority` of its connection"),
    "signer": (False, True, 1, True, "it refuses the `certificate` of its connection"),
    "expired": (False, False, -1, True, "the `certificate` of its connection has expired on 20"),
    "no key": (False, False, 1, False, "`far_engine` of engine tcp://127.0.0.1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_keys_are_named_by_the_task_and_by_doctor(
    stage: Stage,
    guarded: Guarded,
    connect: Connect,
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other_authority, other_signer, days, with_key, words = WRONG[what]
    stranger, own = Authority("strangers"), guarded.authority
    connect(stranger if other_authority else own, stranger if other_signer else own, days=days, with_key=with_key)
    with pytest.raises(SecretMissing if what == "no key" else EngineUnreachable) as caught:
        played(stage, guarded)
    assert words in str(caught.value) and "Next: " in str(caught.value), caught.value
    assert stage.snapshot().started == {}, "no number is taken"
    said = doctor(guarded, tmp_path, monkeypatch, capsys)
    assert [line for line in said if words in line["words"] and line["step"]], said
    assert "BEGIN" not in str(caught.value) + json.dumps(said)


def doctor(
    guarded: Guarded, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, str]]:
    """What doctor finds wrong with the engines."""
    (folder / "engines.yaml").write_text(yaml.safe_dump({"far": guarded.entry().model_dump(exclude_defaults=True)}))
    (folder / "agents.yaml").write_text("{}\n")
    (folder / "plans").mkdir()
    for key, name in {"ENGINES": "engines.yaml", "AGENTS": "agents.yaml", "PLANS": "plans", "STATE": "state"}.items():
        monkeypatch.setenv(f"{PREFIX}{key}", str(folder / name))
    assert main(["doctor", "engine", "--json"]) == 2
    return [line for line in json.loads(capsys.readouterr().out) if line["state"] == "wrong"]


def test_without_a_connection_it_is_said_that_the_engine_asks_for_tls(guarded: Guarded) -> None:
    with pytest.raises(EngineUnreachable, match=r"it asks for TLS\. Next: name a `connection`"):
        open_engine(guarded.url, None)


@pytest.mark.parametrize("guarded", [-1], ids=["expired"], indirect=True)
def test_an_engine_whose_own_certificate_has_expired_is_named(guarded: Guarded) -> None:
    certificate, key = guarded.authority.sign("worker")
    with pytest.raises(PhaseplanError, match="its own certificate has expired"):
        open_engine(guarded.url, Keys(guarded.authority.pem, certificate, key))
