"""The checks see what they look for: a diary or a repository in which something is wrong is told so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.kills.calls import held_at
from tests.kills.checks import nothing_lost, nothing_ungated
from tests.kills.diary import Diary, Life, together
from tests.kills.place import Run, Target, bare

ROOT = "refs/phaseplan/phase-7"
INTEGRATION = "refs/heads/integration/phase-7"


@pytest.mark.parametrize(
    ("first_end", "second", "caught"),
    [(2.0, "7.1.1", False), (4.0, "7.1.1", True), (None, "7.1.1", True), (4.0, "7.1.2", False)],
)
def test_two_agents_of_one_branch_at_once_are_seen(first_end: float | None, second: str, caught: bool) -> None:
    lives = [Life("a" * 64, "7.1.1", 1.0, first_end), Life("b" * 64, second, 3.0, 5.0)]
    assert bool(together(lives)) is caught


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that was never started, over a repository whose phase 7 integrated one branch as it should be."""
    target = bare(tmp_path / "target.git")
    target.watch()
    base = target.git("rev-parse", "main").strip()
    work = _commit(target, {"work": "done"}, base)
    merge = _commit(target, {"work": "done"}, base, work)
    verdict = {"branch": "7.1.1", "attempt": 1, "commit": work, "outcome": "passed"}
    refs = {f"{ROOT}/started/7.1.1/1": base, f"{ROOT}/attempts/7.1.1/1": work, INTEGRATION: merge}
    refs[f"{ROOT}/results/7.1.1/1.1"] = _commit(target, {"verdict.json": json.dumps(verdict)}, work)
    refs[f"{ROOT}/ledger"] = _commit(target, {"ledger.json": json.dumps(_ledger(base, work, merge))})
    for ref, commit in refs.items():
        target.git("update-ref", ref, commit)
    return Run(tmp_path, target, tmp_path / "state", "unix:///nowhere")


def _ledger(base: str, work: str, merge: str) -> dict[str, Any]:
    return {
        "integration": merge,
        "run": {"base": base},
        "waves": {"1": {"state": "integrated", "head": merge}},
        "branches": {"7.1.1": {"state": "integrated", "commit": work}},
    }


def _commit(target: Target, files: dict[str, str], *parents: str) -> str:
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-C", str(target.path)]
    lines = ""
    for name, text in files.items():
        blob = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=text, capture_output=True, text=True)
        lines += f"100644 blob {blob.stdout.strip()}\t{name}\n"
    tree = subprocess.run([*git, "mktree"], input=lines, capture_output=True, text=True).stdout.strip()
    above = [word for parent in parents for word in ("-p", parent)]
    made = subprocess.run([*git, "commit-tree", tree, *above, "-m", "x"], check=True, capture_output=True, text=True)
    return made.stdout.strip()


NO_DIARY: Diary = None  # these checks read refs only


def test_a_sound_repository_is_sound(run: Run) -> None:
    assert nothing_lost(run, 7, NO_DIARY) + nothing_ungated(run, 7, NO_DIARY) == []


@pytest.mark.parametrize("command", [("update-ref", "-d"), ("update-ref",)])
def test_a_lost_or_moved_attempt_is_seen(run: Run, command: tuple[str, ...]) -> None:
    ref, elsewhere = f"{ROOT}/attempts/7.1.1/1", [] if "-d" in command else ["main"]
    run.target.git(*command, ref, *elsewhere)
    assert any("attempts/7.1.1/1" in line for line in nothing_lost(run, 7, NO_DIARY))


def test_an_attempt_without_a_verdict_is_seen(run: Run) -> None:
    run.target.git("update-ref", f"{ROOT}/started/7.1.1/2", "main")
    assert nothing_lost(run, 7, NO_DIARY) == ["attempt 7.1.1/2 has no verdict"]


def test_a_moment_of_an_ungated_commit_is_seen(run: Run) -> None:
    good = run.target.refs()[INTEGRATION]
    bad = _commit(run.target, {"work": "bad"}, good)
    run.target.git("update-ref", INTEGRATION, bad)
    run.target.git("update-ref", INTEGRATION, good)
    assert nothing_ungated(run, 7, NO_DIARY) == [f"integration was {bad[:12]}, which no wave gate passed"]
    assert nothing_lost(run, 7, NO_DIARY) == [f"integration lost {bad[:12]}"]


@pytest.mark.parametrize(("seconds", "held"), [(0.3, True), (0.0, False)])
def test_a_task_is_held_between_the_start_of_its_agent_and_its_own_end(
    tmp_path: Path, seconds: float, held: bool
) -> None:
    """What a task does, in a process of its own; one that ends before it has an agent is not held."""
    play = f"""
import pathlib, sys, time
def work(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until: pass
work(0.2); pathlib.Path("gateway").touch(); work(0.3)
if {seconds}: pathlib.Path("agent").touch(); work({seconds})
"""
    with subprocess.Popen([sys.executable, "-c", play], cwd=tmp_path) as process:
        task = psutil.Process(process.pid)
        assert held_at(task, lambda role: [role] if (tmp_path / role).exists() else []) is held
        assert (tmp_path / "agent").exists() is held
        task.kill()
