"""What a task reads when it begins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from phaseplan.airflow.operators import run
from phaseplan.config import settings as module
from phaseplan.config.recent import Recent
from phaseplan.ledger.records import Token
from phaseplan.plan import names
from tests.git.lab import PHASE, Lab

TOKEN = Token(run="run", epoch=1, base="0" * 40, plan="digest")


def test_a_task_reads_its_settings_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab, read, real = Lab(tmp_path), list[str](), module._read

    def reading() -> module.Settings:
        read.append("settings")
        return real()

    for key, value in {"state": tmp_path / "state", "repository": lab.url}.items():
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(value))
    monkeypatch.setattr(module, "_RECENT", Recent())
    monkeypatch.setattr(module, "_read", reading)
    monkeypatch.setattr(run, "connect", lambda url: url)
    pulled = {names.OPEN: TOKEN.model_dump()}
    instance = SimpleNamespace(max_tries=3, xcom_pull=lambda task_ids: pulled[task_ids])
    task = SimpleNamespace(phase=PHASE, repository=None, log=SimpleNamespace(info=print), retries=3)
    with run.job_of({"ti": instance, "dag_run": SimpleNamespace(run_id="run")}, task, "1") as job:
        assert job.here.state == tmp_path / "state" and job.client == job.here.docker_url
        job.remote.refs(repo=job.repo)
    assert read == ["settings"]
