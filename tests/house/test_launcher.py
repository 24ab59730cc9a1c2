"""`./phaseplan` finds its own environment wherever it is called from."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.sources import TOP

SPY = '#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$@"\nexit 7\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout with the launcher and an interpreter that prints its arguments."""
    top = tmp_path / "a checkout"
    (top / ".venv/bin").mkdir(parents=True)
    shutil.copy(TOP / "phaseplan", top / "phaseplan")
    python = top / ".venv/bin/python"
    python.write_text(SPY)
    python.chmod(0o755)
    return top


def call(program: str | Path, *args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher without anything of this process's environment."""
    clean = {"PATH": os.environ["PATH"], **env}
    return subprocess.run([str(program), *args], cwd=cwd, env=clean, capture_output=True, text=True)


def test_it_runs_its_own_python_and_gives_back_the_exit_code(checkout: Path, tmp_path: Path) -> None:
    done = call(checkout / "phaseplan", "status", "5 a", cwd=tmp_path)
    assert done.stdout.splitlines() == [str(checkout / "include"), "-P", "-m", "phaseplan.cli.main", "status", "5 a"]
    assert done.returncode == 7


def test_it_goes_before_an_existing_pythonpath(checkout: Path, tmp_path: Path) -> None:
    done = call(checkout / "phaseplan", cwd=tmp_path, PYTHONPATH="/other")
    assert done.stdout.splitlines()[0] == f"{checkout}/include:/other"


def test_it_is_found_through_links_and_path(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/one").symlink_to(checkout / "phaseplan")
    (tmp_path / "bin/two").symlink_to("one")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    for program in ("./bin/two", "env"):
        args = ("two",) if program == "env" else ()
        done = call(program, *args, cwd=tmp_path, PATH=path)
        assert done.stdout.splitlines()[0] == str(checkout / "include")


def test_without_an_environment_it_says_what_to_run(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    done = call("sh", "phaseplan", cwd=checkout)
    assert done.returncode == 2
    assert "make environment" in done.stderr and done.stdout == ""
