"""Settings of a machine on which nothing is set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phaseplan.config import airflow_cfg
from phaseplan.config.settings import PREFIX

Written = Callable[[str], Path]


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Remove all variables, and use an Airflow home without an airflow.cfg."""
    for name in (*(n for n in os.environ if n.startswith(PREFIX)), "AIRFLOW_CONFIG", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    airflow_cfg.section.cache_clear()
    yield
    airflow_cfg.section.cache_clear()


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write the airflow.cfg of this machine."""

    def write(text: str) -> Path:
        path = tmp_path / "airflow.cfg"
        path.write_text(text)
        airflow_cfg.section.cache_clear()
        return path

    return write
