"""Line 29: a full disk is a system fault with a message, and work continues afterwards.

Was: no space left under `.phaseplan` ended the run with a traceback and exit code 1, and agents stayed.
Right: every call of git or of the engine, and every written file, reports which disk is full and what to do. It
consumes no attempt, is no fault of a branch, and the exit code is 2; a run waits until there is space again.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from phaseplan.airflow.operators.retrying import ByCause
from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.cli import main
from phaseplan.cli.running.room import Room
from phaseplan.containers.log_following import follow
from phaseplan.errors import Infrastructure
from phaseplan.ledger import status_log as statuslog
from phaseplan.repository.disk import DiskFull, disk_errors, of_error, of_git
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import take_pack
from tests.build.conftest import Stage, stage
from tests.git.lab import Lab

__all__ = ["stage"]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a small disk for one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a file system is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill a folder's disk for the time of the block."""
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass
    try:
        yield
    finally:
        ballast.unlink()


@pytest.mark.docker
@pytest.mark.parametrize(
    "stage", ["mkdir -p a; echo hello > a/file.txt; head -c 300000 /dev/urandom > a/noise"], indirect=True
)
def test_a_full_disk_uses_up_no_attempt_and_the_next_start_continues(stage: Stage) -> None:
    with small_disk(stage.state, "4m"):
        with stage.job() as job:
            running = step(job)
        assert isinstance(running, Running)
        follow(stage.client, running.container, lambda _: None, 20)
        ours = "no space left on this machine's disk: free some"
        with filled(stage.state), pytest.raises(DiskFull, match=ours), stage.job() as job:
            step(job)
        with stage.job() as job, pytest.raises(DiskFull, match=ours), filled(stage.state):  # in the middle of it
            step(job)
        assert stage.snapshot().verdicts == {}
        with stage.job() as job:
            done = step(job)
        assert isinstance(done, Done)
        assert [(v.attempt, v.outcome) for v in stage.snapshot().verdicts["7.1.1"]] == [(1, "passed")]


def test_a_pack_that_does_not_fit_on_the_disk_gives_no_finding(tmp_path: Path, lab: Lab) -> None:
    with small_disk(tmp_path / "small", "1m") as folder:
        repo = GitRepo.init(folder / "one.git")
        packed = tmp_path / "pack"
        big = lab.repo.run("hash-object", "-w", "--stdin", stdin=os.urandom(3 << 20)).out
        packed.write_bytes(
            subprocess.run(
                ["git", "-C", str(lab.repo.path), "pack-objects", "--stdout"],
                input=big.encode(), check=True, capture_output=True,
            ).stdout
        )  # fmt: skip
        with packed.open("rb") as file, pytest.raises(DiskFull, match="free some"):
            take_pack(repo, file)


def test_a_target_without_space_is_named_as_such(tmp_path: Path, lab: Lab) -> None:
    with small_disk(tmp_path / "small", "1m") as folder:
        target = GitRepo.init(folder / "target.git")
        blob = lab.repo.run("hash-object", "-w", "--stdin", stdin=os.urandom(3 << 20)).out.strip()
        tree = lab.repo.run("mktree", stdin=f"100644 blob {blob}\tbig\n".encode()).out.strip()
        made = lab.repo.line("commit-tree", tree, "-m", "big")
        with pytest.raises(DiskFull, match="target repository has no space left"):
            lab.repo.run("push", "--quiet", str(target.path), f"{made}:refs/heads/main")


def test_the_command_line_says_it_and_exits_with_2(
    tmp_path: Path, lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "small", "256k") as folder, filled(folder):
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(folder / "state"))
        assert main.main(["status", "5", "--repository", str(lab.url)]) == 2
    output = capsys.readouterr().err
    assert "no space left on this machine's disk: free some" in output and "Traceback" not in output


def test_a_copy_for_people_keeps_no_verdict_from_being_published(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "64k") as folder, filled(folder):
        statuslog.mirror(folder, 5, ["a line"])


def test_a_run_waits_while_its_disk_is_full(tmp_path: Path) -> None:
    lines: list[str] = []
    with small_disk(tmp_path / "small", "8m") as folder:
        room = Room(folder, lines.append, lambda: lines.append("renewed"))
        assert not room.full()
        with filled(folder):
            assert room.full() and room.full()
        assert not room.full()
    assert len(lines) == 3 and "Free some space" in lines[0] and "goes on" in lines[1] and lines[2] == "renewed"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EFBIG])
def test_every_disk_error_is_recognised_at_every_boundary(number: int) -> None:
    with pytest.raises(Infrastructure, match=r":.*(free|repair|raise)"), disk_errors():
        raise OSError(number, os.strerror(number), "/some/file")
    assert of_git(f"fatal: cannot create '/x': {os.strerror(number)}", "/r") is not None
    full = of_error(OSError(number, os.strerror(number)))
    assert full is not None
    decision = ByCause(1.0).evaluate(full, 9, 12)
    assert "waiting for it to come back" in str(decision.reason)


def test_an_error_that_is_not_about_a_disk_passes_through() -> None:
    with pytest.raises(FileNotFoundError), disk_errors():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    assert of_error(ValueError("no space left on device")) is None
    assert of_error(sqlite3.OperationalError("database or disk is full")) is not None
    assert of_git("fatal: not a git repository", "/r") is None


def test_git_s_own_words_for_a_write_that_took_nothing_are_recognised() -> None:
    full = of_git("fatal: sha1 file '/r/index.lock' write error. Out of diskspace", "/r")
    assert full is not None and "no space left on this machine's disk: free some" in str(full)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)
