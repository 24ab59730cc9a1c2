"""The engines file decides the queues of a campaign's branches, and changes nothing else of a DAG."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from phaseplan.airflow.compile.campaign import compile_campaign, options_of
from phaseplan.config.settings import PREFIX, settings
from phaseplan.plan.campaign import load_valid

TOP = Path(__file__).resolve().parents[2]
CAMPAIGN = load_valid([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml")


def compiled() -> str:
    (dag,), problems = compile_campaign(CAMPAIGN, options_of(settings(), CAMPAIGN))
    assert problems == ()
    return str(DagSerialization.to_dict(dag))


@pytest.mark.parametrize("text", ["here: {url: 'unix:///var/run/docker.sock', agents: 1}\n", "here: {agents: 1}\n"])
def test_a_file_of_addresses_or_a_broken_one_leaves_the_dag_as_it_is_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.delenv(f"{PREFIX}ENGINES", raising=False)
    before = compiled()
    (tmp_path / "engines.yaml").write_text(text)
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(tmp_path / "engines.yaml"))
    assert compiled() == before


def test_a_file_of_queues_puts_branches_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engines.yaml").write_text("farm: {queue: farm, agents: 1}\n")
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(tmp_path / "engines.yaml"))
    assert "'queue': 'farm'" in compiled()
