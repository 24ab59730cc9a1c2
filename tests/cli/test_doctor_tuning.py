"""What `phaseplan doctor tuning` says of settings that cost each task."""

from __future__ import annotations

import pytest

from phaseplan.cli.doctoring.components import wishes


@pytest.mark.parametrize(
    ("executor", "lazy", "told"),
    [
        ("CeleryExecutor", "True", True),
        ("LocalExecutor,CeleryExecutor", "True", True),
        ("CeleryExecutor", "False", False),
        ("LocalExecutor", "True", False),  # its workers are forks of the scheduler, which has loaded plugins already
    ],
)
def test_celery_workers_should_load_plugins_before_they_fork(
    monkeypatch: pytest.MonkeyPatch, executor: str, lazy: str, told: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    monkeypatch.setenv("AIRFLOW__CORE__LAZY_LOAD_PLUGINS", lazy)
    said = [line for line in wishes() if "lazy_load_plugins" in line.words]
    assert bool(said) is told
    assert all(line.state == "advice" and line.exit_code == 0 for line in said)
