"""How often a run talks to its target, and how many gits it starts: the real tasks, from a cold cache.

A target on another continent answers in half a second; a phase of 172 branches makes each call of a branch 172 times.
A git costs some three milliseconds of processor, half of it in the process that starts it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from phaseplan.airflow.operators.phase import ClosePhaseOperator, IntegrateOperator, OpenPhaseOperator
from phaseplan.attempt.job import Done, Job, Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.ledger.records import Token
from phaseplan.plan import names
from tests.git.lab import PHASE, Lab
from tests.git.talk import Talk, talk

__all__ = ["talk"]

pytestmark = pytest.mark.docker

BRANCH = "5.1.1"
PLAN = {
    "phase": PHASE,
    "title": "Counted",
    "agent": "sh",
    "gates": {"commands": ["test -s a/file.txt"]},
    "waves": [{"wave": 1, "branches": [{"id": BRANCH, "branch": "feature/a", "title": "A", "owns": ["a/"]}]}],
}
AGENT = {
    "image": "debian:bookworm-slim",
    "command": ["sh", "-c", "mkdir -p a; echo hello | tee a/file.txt"],
    "transcript": True,  # it goes along with the work
}
MOST = {"open": 5, "branch": 7, "integrate": 3, "close": 4}
#: Of all kinds. Whoever needs one more has asked whether what it is asked for is known already.
GITS = {"open": 16, "start": 11, "end": 26, "integrate": 27, "close": 13}


class Run:
    """The tasks of one run, each in a private repository of its own, on one machine."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab, self._kept = Lab(folder), dict[str, Any]()
        (folder / "plans").mkdir()
        (folder / "plans" / "phase-05.yaml").write_text(yaml.safe_dump(PLAN))
        (folder / "agents.yaml").write_text(yaml.safe_dump({"sh": AGENT}))
        places = {"plans": "plans", "agents": "agents.yaml", "state": "state", "repository": "target.git"}
        for key, value in places.items():
            monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(folder / value))
        self.client = engine.connect(settings().docker_url)

    @property
    def context(self) -> dict[str, Any]:
        params = {"base": "main", "start": "dependencies", "branches": [], "agent": None, "rebuild": "auto"}
        instance = SimpleNamespace(
            max_tries=3,
            xcom_push=lambda key, value: self._kept.update({key: value}),
            xcom_pull=lambda task_ids: self._kept["return_value"] if task_ids == names.OPEN else None,
        )
        return {"params": params, "dag_run": SimpleNamespace(run_id="run-1"), "ti": instance}

    def step(self) -> Running | Done:
        token = Token.model_validate(self._kept["return_value"])
        with self.lab.remote.private(state=settings().state) as repo:
            job = Job(
                PHASE, BRANCH, token, "run-1/3", self.lab.remote, repo, self.client, settings(), str, lambda _: {}
            )
            came = step(job)
        assert isinstance(came, Running | Done)
        return came

    def wait(self, running: Running | Done) -> None:
        assert isinstance(running, Running)
        follow(self.client, running.container, lambda _: None)


def test_a_run_talks_to_its_target_no_more_than_this(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, monkeypatch)
    with talk.during("open"):
        OpenPhaseOperator(task_id="open_phase", phase=PHASE).execute(run.context)
    with talk.during("start"):
        running = run.step()
    run.wait(running)
    with talk.during("end"):
        done = run.step()
    assert isinstance(done, Done) and done.verdict.outcome == "passed"
    with talk.during("integrate"):
        merged = IntegrateOperator(task_id="integrate", phase=PHASE, wave=1).execute(run.context)
    assert merged["merged"] == [BRANCH]
    with talk.during("close"):
        said = ClosePhaseOperator(task_id="close", phase=PHASE).execute(run.context)
    assert "1 of 1 branches are integrated" in said
    with capsys.disabled():
        print(f"\n{talk}")
        print("\n".join(f"{task}: {len(verbs)} gits {dict(Counter(verbs))}" for task, verbs in talk.every.items()))
    calls = {task: len(verbs) for task, verbs in talk.calls.items()}
    assert {"branch": calls.pop("start") + calls.pop("end"), **calls} == MOST
    assert {task: len(verbs) for task, verbs in talk.every.items()} == GITS
