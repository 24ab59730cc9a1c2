"""`phaseplan import` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.documents.corpus import HERE

TOP = Path(__file__).resolve().parents[2]
FOUNDING = HERE / "01-founding.md"


def phaseplan(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phaseplan.cli.main", *map(str, args)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)


def test_a_plan_is_written_once(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    done = phaseplan("import", FOUNDING, "-o", plan)
    assert (done.returncode, done.stdout) == (0, "")
    assert "PP908" in done.stderr and "next: ./phaseplan lint" in done.stderr
    assert "lines: 600  # 01-founding.md:98" in plan.read_text()
    again = phaseplan("import", FOUNDING, "-o", plan)
    assert again.returncode == 1 and "--force" in again.stderr
    assert phaseplan("import", FOUNDING, "-o", plan, "--force").returncode == 0
    linted = phaseplan("lint", plan)
    assert "PP205 warning: still to do: agent" in linted.stdout


def test_strict_exits_with_1_and_writes_nothing(tmp_path: Path) -> None:
    done = phaseplan("import", FOUNDING, "-o", tmp_path / "plan.yaml", "--strict")
    assert done.returncode == 1 and not (tmp_path / "plan.yaml").exists()
    assert "6 errors, 0 warnings" in done.stderr
    assert phaseplan("import", HERE / "05-branch-sections.md", "--strict").returncode == 0


def test_other_plans_are_compared() -> None:
    done = phaseplan("import", HERE / "02-waves-unlike-ids.md", "--beside", "include/plans/phase-05.yaml")
    assert (done.returncode, done.stdout.splitlines()[2]) == (0, "phase: 6  # 02-waves-unlike-ids.md:1")


def test_a_file_that_is_no_document_is_refused() -> None:
    assert phaseplan("import", "nowhere.md").returncode == 1
    assert "PP915" in phaseplan("import", "LICENSE").stderr


def test_it_imports_no_airflow_git_or_docker() -> None:
    script = (
        "import sys; from phaseplan.cli.main import main; main(['import', sys.argv[1]]);"
        "print([m for m in sys.modules if m.split('.')[0] in ('airflow', 'git', 'docker')])"
    )
    done = subprocess.run([sys.executable, "-c", script, FOUNDING], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
