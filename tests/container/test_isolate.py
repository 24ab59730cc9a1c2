"""`phaseplan isolate`, from a terminal: a real repository and gates in real containers."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from phaseplan.cli.main import main
from phaseplan.containers import engine
from phaseplan.ledger.records import State
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from tests.container.conftest import PLAIN
from tests.git.lab import PHASE, Lab, plan_of

PLAN = plan_of({"1": [], "2": []}, {"3": ["2"]}, validate=[["test -e one"], ["test -e three"]], agent="plain")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Integrate three branches in two waves; `isolate` finds its settings in the environment."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    made = Lab(tmp_path)
    profiles = {"plain": AgentProfile(image=PLAIN, memory="128m", pids=32)}
    token = open_phase(made.remote, made.repo, PLAN, profiles, run_id="run-1", base_name="main", start="wave")
    for wave, work in ((1, {"1": "one", "2": "two"}), (2, {"3": "three"})):
        for branch, file in work.items():
            made.build(token, branch, {file: f"{file}\n"})
        made.integrate(token, wave)
    made.close(token)
    return made


def test_an_isolated_branch_leaves_with_its_dependents_and_the_way_back_is_named(
    lab: Lab, client: docker.DockerClient, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["isolate", str(PHASE), "2", "--reason", "leaks memory", "--repository", str(lab.url)]
    assert main(words) == 0
    output = capsys.readouterr().out
    assert "Took 2 Branch 2 out of integration/phase-5" in output
    assert "- 3 Branch 3\n- 2 Branch 2\nBlocked until it is back: 3." in output
    assert "./phaseplan reintegrate 5 2, or in Airflow Clear wave_1.2_b2 with Downstream on and Only-failed" in output
    ledger = lab.read().folded()
    assert (ledger.branches["2"].state, ledger.branches["3"].state) == (State.ISOLATED, State.BLOCKED)
    assert set(lab.repo.run("ls-tree", "--name-only", ledger.integration or "").out.split()) == {"README", "one"}
    assert "taken out: leaks memory" in (tmp_path / "state" / "logs" / "phase-5" / "status.log").read_text()
    assert engine.find(client, ledger=ledger.id) == [], "no gate container is left"
    before = lab.refs()
    assert main(words) == 0 and "is out of integration/phase-5 already" in capsys.readouterr().out
    assert lab.refs() == before


def test_a_branch_stays_if_the_others_are_red_without_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    before = lab.refs()
    assert main(["isolate", str(PHASE), "1", "--repository", str(lab.url)]) == 1
    assert "integration is red without 1, so nothing was changed" in capsys.readouterr().err
    assert lab.refs() == before
    assert main(["isolate", str(PHASE), "9", "--repository", str(lab.url)]) == 1
    assert "phase 5 has no branch 9; it has 1, 2, 3" in capsys.readouterr().err
