"""The directory a local Airflow lives in."""

from __future__ import annotations

import configparser
import json
import os
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow import config
from phaseplan.cli.local_airflow.home import prepare
from phaseplan.cli.running import homes
from phaseplan.cli.running.logs import last_error, write_text
from phaseplan.errors import InputFault
from tests.cli.plans import plan


def test_secrets_are_for_the_owner_only_and_stay_the_same(tmp_path: Path) -> None:
    first = prepare(tmp_path / "home", phaseplan={"plans": "/p"})
    os.close(first.lock)
    second = prepare(tmp_path / "home", phaseplan={"plans": "/p"})
    assert first.password == second.password
    assert (second.path.stat().st_mode & 0o777) == 0o700
    for name in ("airflow.cfg", "keys.json", "passwords.json"):
        assert ((second.path / name).stat().st_mode & 0o777) == 0o600, name
    assert json.loads((second.path / "passwords.json").read_text()) == {"admin": second.password}


def test_airflow_listens_on_loopback_only(tmp_path: Path) -> None:
    home = prepare(tmp_path, phaseplan={"plans": "/p"})
    written = configparser.RawConfigParser()
    written.read(home.path / "airflow.cfg")
    assert written["api"]["host"] == "127.0.0.1"
    assert written["phaseplan"]["plans"] == "/p"
    assert not written.has_option("core", "simple_auth_manager_all_admins")


def test_a_home_has_one_user_at_a_time(tmp_path: Path) -> None:
    prepare(tmp_path, phaseplan={})
    with pytest.raises(InputFault, match="in use"):
        prepare(tmp_path, phaseplan={})


def test_an_impossible_home_is_an_input_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputFault, match="--home"):
        prepare(tmp_path / "file", phaseplan={})


def test_airflow_settings_of_the_caller_are_not_inherited(tmp_path: Path) -> None:
    base = {
        "AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere",
        "AIRFLOW__PHASEPLAN__PLANS": "/elsewhere",
        "AIRFLOW__PHASEPLAN__DOCKER_URL": "unix:///x",
        "AIRFLOW_CONN_TOKEN": "secret",
        "NO_PROXY": "intranet",
        "_AIRFLOW_PARSING_CONTEXT_DAG_ID": "nightly",  # what Airflow leaves to whatever a task starts
        "_AIRFLOW_PROCESS_CONTEXT": "client",
    }
    found = config.environment(tmp_path, tmp_path, {"phaseplan": {"plans": "/p"}}, base)
    assert "AIRFLOW__CORE__DAGS_FOLDER" not in found
    assert "AIRFLOW__PHASEPLAN__PLANS" not in found
    assert found["AIRFLOW__PHASEPLAN__DOCKER_URL"] == "unix:///x"
    assert found["AIRFLOW_CONN_TOKEN"] == "secret"
    assert found["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert not [name for name in found if name.startswith("_AIRFLOW_")]


def test_old_homes_are_removed_unless_in_use(tmp_path: Path) -> None:
    used = prepare(tmp_path / "run-00", phaseplan={})
    for number in range(1, 8):
        (tmp_path / f"run-{number:02}").mkdir()
    homes.tidy(tmp_path)
    leftovers = sorted(entry.name for entry in tmp_path.iterdir())
    assert leftovers == ["run-00", "run-03", "run-04", "run-05", "run-06", "run-07"]
    os.close(used.lock)


def test_plans_of_one_name_do_not_hide_each_other(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plan.yml").write_text(folder)
    copied = homes.copy_plans(tmp_path / "home", [tmp_path / "x/plan.yml", tmp_path / "y/plan.yml"])
    assert sorted(file.read_text() for file in copied.glob("*.yaml")) == ["x", "y"]


def test_logs_become_text_in_the_order_of_time(tmp_path: Path) -> None:
    folder = tmp_path / "logs/dag_id=phase_07/run_id=r/task_id=wave_1.7-a_p7-a"
    folder.mkdir(parents=True)

    def line(time: str, event: str, **more: object) -> str:
        return json.dumps({"timestamp": f"2026-01-05T10:00:{time}Z", "event": event, "level": "info", **more}) + "\n"

    failed = line("09", "Task failed", level="error", error_detail=[{"exc_type": "E", "exc_value": "no image x"}])
    noise = line("01", "Filling up the DagBag", logger="airflow.dag_processing.dagbag")
    (folder / "attempt=1.log").write_text(noise + line("02", "one") + "a raw line\n" + failed)
    (folder / "attempt=1.log.trigger.1.log").write_text(line("05", "from the agent"))
    text = (write_text(tmp_path / "logs", plan(), "r") / "7.a.log").read_text()
    assert text.splitlines() == [
        "2026-01-05T10:00:02  one",
        "2026-01-05T10:00:02  a raw line",
        "2026-01-05T10:00:05  from the agent",
        "2026-01-05T10:00:09  ERROR Task failed",
        "    E: no image x",
    ]
    assert last_error(tmp_path / "logs", "phase_07", "r", "wave_1.7-a_p7-a") == "no image x"
