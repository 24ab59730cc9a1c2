"""Verbs about engines look at each of the engines file, and name the one that does not answer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml

from phaseplan.cli.doctoring.plans import campaign
from phaseplan.cli.main import main
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers import engine
from tests.container.test_gc import Shelf
from tests.git.lab import Lab, plan_of
from tests.one_branch import PLAN

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None, reason="a second engine is started by root"
    ),
]


@pytest.fixture(autouse=True)
def gone(tmp_path: Path, second: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three engines: the machine's, another one, and one that does not answer, whose address this is."""
    address = f"unix://{tmp_path}/gone.sock"
    urls = {"here": settings().docker_url, "far": second.address, "gone": address}
    entries = {name: {"url": url, "agents": 2} for name, url in urls.items()}
    (tmp_path / "engines.yaml").write_text(yaml.safe_dump(entries, sort_keys=False))
    profile = {"image": settings().collector_image, "command": ["git"], "engine": "far"}
    (tmp_path / "agents.yaml").write_text(yaml.safe_dump({"mine": profile}))
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/phase-04.yaml").write_text(PLAN)
    values = {"ENGINES": "engines.yaml", "AGENTS": "agents.yaml", "PLANS": "plans", "STATE": "state"}
    for key, name in values.items():
        monkeypatch.setenv(f"{PREFIX}{key}", str(tmp_path / name))
    campaign.cache_clear()  # another test's, in this process
    return address


def test_doctor_has_a_line_for_each_and_a_step_for_the_dead_one(
    gone: str, second: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "engine", "--json"]) == 2
    lines = json.loads(capsys.readouterr().out)
    fine = [each["words"] for each in lines if each["state"] == "ok"]
    for name, url in (("here", settings().docker_url), ("far", second.address)):
        assert any(words.startswith(f"{name} ({url}): Docker ") for words in fine), fine
        assert any(words.startswith(f"{name}: ") and words.endswith("of at most 2 agents alive") for words in fine), (
            fine
        )
    assert sum(words.startswith("agent profile mine: ") for words in fine) == 1, "it may be on one of them"
    wrong = [(each["words"], each["step"]) for each in lines if each["state"] == "wrong"]
    dead = [(words, step) for words, step in wrong if words.startswith(f"gone: engine gone ({gone}) ")]
    assert len(dead) == 1 and "mend its entry in the engines file" in dead[0][1], wrong
    assert all(
        words.startswith(("gone: ", "far: ", "the image", "the Docker engine has no image")) for words, _ in wrong
    )


def test_images_are_listed_for_each_engine(gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "list", "collector"]) == 2, "one does not answer"
    head, row, left_out = capsys.readouterr().out.splitlines()
    assert head.split()[-4:] == ["on", "here", "on", "far"]
    assert row.split()[-1] == row.split()[-2] != "missing", "the same image on both"
    assert left_out.startswith(f"Left out: engine gone ({gone}) ")
    assert main(["agents", "list"]) == 2
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-4:] == ["on", "here", "on", "far"] and rows[-1] == left_out


def test_a_check_is_made_where_the_profile_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "check", "mine", "--engine", "here"]) == 1
    assert "profile mine is for no engine 'here', but for: far" in capsys.readouterr().err
    assert main(["agents", "check", "mine"]) == 1, "git alone builds nothing"
    assert capsys.readouterr().out.startswith("On engine far:\n")


@pytest.fixture
def shelf(tmp_path: Path, second: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Things on the other engine of a phase that is closed."""
    lab = Lab(tmp_path / "lab")
    monkeypatch.setenv(f"{PREFIX}REPOSITORY", lab.url)
    monkeypatch.setenv(f"{PREFIX}PLANS", str(tmp_path / "lab-plans"))
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    token = lab.open(plan_of({"1": []}))
    lab.build(token, "1", {"one": "one\n"})
    lab.close(token)
    ledger = lab.read().ledger
    assert ledger is not None
    made = Shelf(second, ledger.id)
    yield made
    made.clear()


def test_gc_frees_on_each_engine_and_says_which_it_could_not_see(
    gone: str, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    container = shelf.container("1")
    assert main(["gc", "--days", "0", "--yes", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    freed = [(each["kind"], each["of"], each["freed"]) for each in answer["items"] if each["of"].endswith("on far")]
    assert [(kind, done) for kind, _, done in freed] == [("container", True)], answer
    assert any(note.startswith(f"not looked at: engine gone ({gone}) ") for note in answer["notes"])
    assert container not in {found.id for found in engine.find(shelf.client, ledger=shelf.ledger)}
