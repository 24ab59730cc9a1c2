"""Where a process finds plans, profiles and notifiers: settings, then beside its DAG file, then the default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from phaseplan.config import place
from phaseplan.config.settings import settings


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A bundle's folder, as a process has loaded its DAG file."""
    folder = tmp_path / "versions/a1"
    (folder / "include/plans").mkdir(parents=True)
    (folder / "include/notifiers.yaml").write_text("{}\n")
    (folder / "dags").mkdir()
    yield folder
    place._loaded.clear()


def test_what_is_beside_the_dag_file_is_taken_and_state_stays_outside(project: Path) -> None:
    before = settings()
    place.work_beside(str(project / "dags/phases.py"))
    seen = settings()
    assert seen.plans == project / "include/plans" and seen.plans != before.plans
    assert (seen.agents, seen.notifiers) == (project / "include/agents.yaml", project / "include/notifiers.yaml")
    assert seen.state == before.state and project not in seen.state.parents


def test_a_dag_file_at_the_top_of_its_bundle_does_the_same(project: Path) -> None:
    place.work_beside(str(project / "phases.py"))
    assert settings().plans == project / "include/plans"


def test_what_settings_name_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", "/etc/plans")
    place.work_beside(str(project / "dags/phases.py"))
    assert settings().plans == Path("/etc/plans") and settings().agents == project / "include/agents.yaml"


@pytest.mark.parametrize("file", [None, "/nowhere/dags/phases.py"])
def test_a_dag_file_with_nothing_beside_it_changes_nothing(file: str | None) -> None:
    before = settings()
    place.work_beside(file)
    assert settings() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("folder", [None, "phaseplan"])
def test_state_is_where_the_user_of_a_worker_may_write(folder: str | None) -> None:
    """The checkout is the installer's; so may be the folder in Airflow's home that another component has made."""
    with TemporaryDirectory() as home:
        place_, worker = Path(home), 65534
        place_.chmod(0o755)
        (place_ / "airflow").mkdir()
        os.chown(place_ / "airflow", worker, worker)
        if folder:
            (place_ / "airflow" / folder).mkdir(mode=0o755)
        wanted = place_ / "airflow" / ("phaseplan" if folder is None else f"phaseplan-{worker}")
        assert _as(worker, place_ / "airflow") == str(wanted)


def _as(user: int, airflow_home: Path) -> str:
    """Where a process of another user would have its state."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.environ["AIRFLOW_HOME"] = str(airflow_home)
        os.setuid(user)
        os.write(write, str(place.state()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.wait()
    return answer


def test_state_of_a_checkout_of_ones_own_is_in_it() -> None:
    top = place.checkout()
    assert top is not None and place.state() == top / ".phaseplan"
