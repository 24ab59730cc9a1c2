"""`phaseplan improve`, as a user runs it: the output is a patch, and nothing is written unasked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from phaseplan.cli.main import main

PLAN = """\
# A plan.
phase: 9
title: Try äöü
max_parallel_agents: 2
waves:
  - wave: 1
    duration: 2h
    branches:
      - {id: "9.a", branch: f/a, title: Status types, owns: [pkg/x/]}
      - {id: "9.b", branch: f/b, title: Transform types, owns: [pkg/x/]}   # the same folder
  - wave: 2
    duration: 1h
    branches:
      - {id: "9.c", branch: f/c, title: Third, owns: [/c/], depends_on: ["9.a"]}
      - {id: "9.d", branch: f/d, title: Last, owns: [/d/], depends_on: ["9.a", "9.c"]}
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    file = Path("plan.yaml")
    file.write_text(PLAN)
    return file


def test_the_output_is_a_patch_and_nothing_is_written(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["improve", "plan.yaml"]) == 0
    output = capsys.readouterr().out
    assert plan.read_text() == PLAN
    assert "# 1. remove an implied dependency" in output
    assert "#    gain: less to keep right; ends after 4h as before" in output
    subprocess.run(["git", "apply", "-"], input=output, text=True, check=True)
    patched = plan.read_text()
    assert patched == PLAN.replace('["9.a", "9.c"]', '["9.c"]')
    plan.write_text(PLAN)
    assert main(["improve", "plan.yaml", "--write"]) == 0
    assert "# written: plan.yaml" in capsys.readouterr().out
    assert plan.read_text() == patched
    assert list(Path().glob(".plan*")) == []


def test_the_option_only_limits_the_proposals_to_one_kind(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["improve", "plan.yaml", "--only", "shared", "--write"]) == 0
    assert capsys.readouterr().out == "# nothing to propose\n"
    assert plan.read_text() == PLAN


def test_files_of_the_repository_separate_owned_paths(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = Path("target")
    (target / "pkg" / "x").mkdir(parents=True)
    for name in ("status.go", "transform.go", "register.go"):
        (target / "pkg" / "x" / name).write_text("package x\n")
    subprocess.run(["git", "init", "-q", "-b", "main", target], check=True)
    subprocess.run(["git", "-C", target, "add", "-A"], check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", target, *who, "commit", "-q", "-m", "base"], check=True)
    assert main(["improve", "plan.yaml", "--only", "paths", "--repository", "target", "--write"]) == 0
    assert "one behind the other it would be 6h" in capsys.readouterr().out
    written = plan.read_text()
    assert "owns: [pkg/x/status*]}\n" in written
    assert "owns: [pkg/x/transform*]}   # the same folder\n" in written
    assert '  - path: pkg/x/register.go\n    owner: "9.a"\n    branches: ["9.b"]\n' in written
    assert main(["improve", "plan.yaml", "--only", "paths", "--repository", "target"]) == 0
    assert capsys.readouterr().out == "# nothing to propose\n"


def test_names_of_files_cannot_break_the_plan(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = Path("target")
    (target / "pkg" / "x").mkdir(parents=True)
    for name in (
        b"status\n- evil: 1.go",
        b"status\xff.go",
        b'status"]}.go',
        b"transform: #.go",
        "status é.go".encode(),
    ):
        (target / "pkg" / "x" / os.fsdecode(name)).write_text("x\n")
    subprocess.run(["git", "init", "-q", "-b", "main", target], check=True)
    subprocess.run(["git", "-C", target, "add", "-A"], check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", target, *who, "commit", "-q", "-m", "base"], check=True)
    assert main(["improve", "plan.yaml", "--only", "paths", "--repository", "target", "--write"]) == 0
    capsys.readouterr()
    assert "owns: [pkg/x/status*]}" in plan.read_text()
    assert main(["simulate", "plan.yaml"]) == 0


def test_a_plan_that_is_not_sound_is_refused(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(PLAN.replace('["9.a"]', '["9.d"]'))
    assert main(["improve", "plan.yaml", "--write"]) == 1
    assert "PP402" in capsys.readouterr().err


def test_a_missing_base_is_an_input_fault(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "init", "-q", "-b", "other", "target"], check=True)
    assert main(["improve", "plan.yaml", "--repository", "target"]) == 1
    assert "has no branch yet to build on. Next: push a first commit" in capsys.readouterr().err


def test_improve_keeps_permissions_and_symbolic_links(plan: Path) -> None:
    plan.chmod(0o640)
    Path("link.yaml").symlink_to(plan)
    assert main(["improve", "link.yaml", "--write"]) == 0
    assert Path("link.yaml").is_symlink()
    assert plan.stat().st_mode & 0o777 == 0o640
    assert plan.read_text() != PLAN
