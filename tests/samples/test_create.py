"""`samples/create.py`: a deterministic bare repository, and nothing replaced by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples.conftest import SAMPLES


def create(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SAMPLES / "create.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env})


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("sample", ["kcp-lite", "recipes"])
def test_everybody_gets_the_same_commit(tmp_path: Path, sample: str) -> None:
    hostile = tmp_path / "gitconfig"
    hostile.write_text("[core]\n\tautocrlf = true\n[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = other\n")
    one = create(sample, str(tmp_path / "a.git"))
    two = create(sample, str(tmp_path / "b.git"), GIT_CONFIG_GLOBAL=str(hostile), GIT_DIR="/nowhere", TZ="Asia/Tokyo")
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert one.stdout.split()[-1] == two.stdout.split()[-1]
    refs = git(tmp_path / "a.git", "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main"]
    assert git(tmp_path / "a.git", "rev-list", "--count", "main") == "1\n"
    assert git(tmp_path / "a.git", "rev-parse", "--is-bare-repository") == "true\n"
    git(tmp_path / "a.git", "fsck", "--strict")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.git", "b.git", "gitconfig"]


def test_only_a_repository_is_replaced_and_only_when_asked(tmp_path: Path) -> None:
    target = tmp_path / "demo.git"
    assert create("recipes", str(target)).returncode == 0
    git(target, "branch", "mine", "main")
    refused = create("recipes", str(target))
    assert refused.returncode == 1 and "exists; give another name or --replace" in refused.stderr
    assert "mine" in git(target, "branch")
    assert create("recipes", str(target), "--replace").returncode == 0
    assert "mine" not in git(target, "branch")
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "file").write_text("keep")
    refused = create("recipes", str(folder), "--replace")
    assert refused.returncode == 1 and "is no bare repository" in refused.stderr
    assert (folder / "file").read_text() == "keep"


def test_an_unknown_sample_is_refused(tmp_path: Path) -> None:
    refused = create("nothing", str(tmp_path / "x.git"))
    assert refused.returncode == 2 and "kcp-lite" in refused.stderr and not (tmp_path / "x.git").exists()
