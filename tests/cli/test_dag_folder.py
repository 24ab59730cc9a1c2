"""The DAG folder of a local Airflow: the checkout's, or where Phaseplan is installed a folder with the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.cli.local_airflow import folders as module
from phaseplan.cli.local_airflow.folders import DAG_FILES, folders
from provision.common import TOP


def test_an_installed_phaseplan_writes_the_same_files_as_the_checkout_has() -> None:
    assert {name: (TOP / "dags" / name).read_text() for name in DAG_FILES} == DAG_FILES
    assert {path.name for path in (TOP / "dags").glob("*.py")} == DAG_FILES.keys()


def test_a_checkout_uses_its_own_folders(tmp_path: Path) -> None:
    assert folders(tmp_path) == (TOP / "dags", TOP / "plugins")
    assert list(tmp_path.iterdir()) == []


def test_an_installed_phaseplan_makes_both_folders_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "checkout", lambda: None)
    dags, plugins = folders(tmp_path)
    assert (dags, plugins) == (tmp_path / "dags", tmp_path / "plugins")
    assert {path.name: path.read_text() for path in dags.iterdir()} == DAG_FILES and plugins.is_dir()
