"""`phaseplan graph`, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.plan.test_command_line import BAD, TOP, phaseplan


def test_text_is_the_default_and_all_plans_are_drawn() -> None:
    done = phaseplan("graph")
    assert done.returncode == 0, done.stderr
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if line.startswith("Phase ")] == [
        f"Phase {n}" for n in range(5, 11)
    ]


def test_formats_and_files(tmp_path: Path) -> None:
    plan = "include/plans/phase-06.yaml"
    assert phaseplan("graph", plan, "--format", "mermaid").stdout.startswith("flowchart TD\n")
    target = tmp_path / "six.svg"
    done = phaseplan("graph", plan, "--format", "svg", "-o", target)
    assert (done.returncode, done.stdout) == (0, "")
    assert target.read_text().startswith("<svg ") and [p.name for p in tmp_path.iterdir()] == ["six.svg"]


def test_graph_reports_plans_with_errors_and_files_it_cannot_write(tmp_path: Path) -> None:
    done = phaseplan("graph", BAD / "PP402-cycle.yaml")
    assert (done.returncode, done.stdout) == (1, "") and "PP402" in done.stderr
    done = phaseplan("graph", "-o", tmp_path / "no" / "such.svg")
    assert done.returncode == 1 and "such.svg: No such file or directory" in done.stderr


def test_it_imports_no_airflow() -> None:
    script = (
        "import sys; from phaseplan.cli.main import main; assert main(['graph', '--format', 'svg']) == 0;"
        "heavy = ('airflow', 'git', 'docker', 'sqlalchemy');"
        "print([m for m in sys.modules if m.split('.')[0] in heavy], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
