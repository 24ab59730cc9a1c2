"""Dropping a file in is enough; a bad one takes no other DAG down and says what is wrong with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.home import migrate, prepare
from provision.common import TOP
from tests.database import CACHE

pytestmark = pytest.mark.airflow

_PARSE = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder={folder!r})
print("RESULT " + json.dumps([sorted(bag.dags), bag.import_errors]))
"""


def parse(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    home = prepare(
        tmp_path / "home", phaseplan={"plans": str(tmp_path / "plans"), "agents": str(TOP / "include/agents.yaml")}
    )
    migrate(home, CACHE)
    out = subprocess.run(
        [sys.executable, "-c", _PARSE.format(folder=str(TOP / "dags"))],
        env=dict(home.environment),
        cwd=TOP,
        capture_output=True,
        text=True,
    )
    found = [line for line in out.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, (out.stdout + out.stderr)[-4000:]
    dags, errors = json.loads(found[0].removeprefix("RESULT "))
    return dags, errors


def test_a_bad_plan_is_an_import_error_and_the_good_one_is_a_dag(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    good = TOP / "include/plans/phase-05.yaml"
    shutil.copy(good, plans / "good.yaml")
    (plans / "bad.yaml").write_text(good.read_text().replace("phase: 5\n", "phase: 6\n").replace("waves:", "wavves:"))
    dags, errors = parse(tmp_path)
    assert dags == ["phase_05"]
    (file,) = errors
    assert file.endswith("plan_problems.py")
    assert "bad.yaml" in errors[file]
    assert "PP201" in errors[file]
    assert "did you mean" in errors[file]


def test_good_plans_have_no_import_error(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    shutil.copy(TOP / "include/plans/phase-05.yaml", plans)
    assert parse(tmp_path) == (["phase_05"], {})
