"""`phaseplan lint`, `phaseplan pools` and the frame they run in, as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BAD = TOP / "tests" / "plans" / "bad"
EXAMPLES = TOP / "include" / "phaseplan" / "plan" / "lint" / "examples"


def phaseplan(*args: str | Path, cwd: Path = TOP) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phaseplan.cli.main", *map(str, args)]
    environment = {"PYTHONPATH": str(TOP / "include"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_phase_05_is_clean() -> None:
    done = phaseplan("lint", "include/plans/phase-05.yaml")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "0 errors, 0 warnings, 0 notes"
    assert done.stderr == ""


def test_lint_imports_no_airflow_git_or_docker() -> None:
    script = (
        "import sys; from phaseplan.cli.main import main; assert main(['lint']) == 0;"
        "print([m for m in sys.modules if m.split('.')[0] in ('airflow', 'git', 'docker', 'sqlalchemy')])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_errors_exit_with_1_and_warnings_with_0() -> None:
    assert phaseplan("lint", BAD / "PP402-cycle.yaml", "--agents", EXAMPLES / "agents.yaml").returncode == 1
    assert phaseplan("lint", BAD / "PP503-overlap.yaml", "--agents", EXAMPLES / "agents.yaml").returncode == 0


def test_lint_prints_json_diagnostics() -> None:
    done = phaseplan("lint", "PP402-cycle.yaml", "--format", "json", "--agents", EXAMPLES / "agents.yaml", cwd=BAD)
    report = json.loads(done.stdout)
    assert (report["version"], done.returncode) == (1, 1)
    assert report["diagnostics"][0] == {
        "code": "PP402", "severity": "error", "file": "PP402-cycle.yaml", "line": 7, "column": 101, "end": 108,
        "message": "dependencies run in a circle: 9.1.1 -> 9.1.3 -> 9.1.2 -> 9.1.1", "hint": "remove one of them",
    }  # fmt: skip


def test_lint_prints_github_annotations() -> None:
    done = phaseplan("lint", "hostile-text.yaml", "--format", "github", "--agents", EXAMPLES / "agents.yaml", cwd=BAD)
    assert done.stdout == (
        "::error file=hostile-text.yaml,line=8,col=92,title=PP401::"
        "9.1.1 depends on ?%250A::error::, which no branch has as id\n"
    )


def test_pools_prints_one_pool_for_each_plan() -> None:
    done = phaseplan("pools", "include/plans/phase-05.yaml")
    assert json.loads(done.stdout) == {
        "phaseplan_5_a4": {
            "slots": 4,
            "description": "agents of phase 5: API Foundation & Contracts",
            "include_deferred": True,
        }
    }


def test_pools_refuses_a_plan_with_errors() -> None:
    done = phaseplan("pools", BAD / "PP402-cycle.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "PP402" in done.stderr


@pytest.mark.parametrize("verb", ["lint", "pools"])
def test_help_lists_every_verb(verb: str) -> None:
    done = phaseplan(verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: phaseplan {verb}")


def test_a_wrong_command_line_is_bad_input() -> None:
    done = phaseplan("lnit")
    assert (done.returncode, done.stderr) == (1, "phaseplan: error: unknown verb `lnit`; did you mean `lint`?\n")
    assert phaseplan("lint", "--format", "xml").returncode == 1


def test_lint_without_plans_is_an_input_fault(tmp_path: Path) -> None:
    (tmp_path / "include").symlink_to(TOP / "include")
    done = phaseplan("lint", tmp_path / "none.yaml")
    assert done.returncode == 1
    assert "none.yaml:1:1: PP101 cannot read this file: No such file or directory" in done.stdout


def test_a_closed_pipe_ends_without_a_traceback() -> None:
    command = f"{sys.executable} -m phaseplan.cli.main lint tests/plans/bad/*.yaml | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=TOP, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
