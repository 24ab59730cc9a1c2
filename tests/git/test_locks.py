"""What killed gits leave behind, in a target and in the cache, and who may remove it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger import refs
from phaseplan.merging.reconcile import derived, reconcile
from phaseplan.repository import locks
from phaseplan.repository.cache import kept
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, commit_files, plan_of
from tests.git.shim.trial import HERE

REF = "refs/phaseplan/phase-5/probe"
AGE = 0.3


@pytest.fixture(autouse=True)
def _soon_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__LOCK_AGE", str(AGE))


def leave(path: Path, age: float = 0.0) -> Path:
    """A file as a killed git leaves it, `age` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


@pytest.mark.parametrize("name", [f"{REF}.lock", "refs/heads/main.lock", "HEAD.lock", "packed-refs.lock"])
def test_a_push_outwaits_a_lock_that_nobody_holds(lab: Lab, name: str) -> None:
    old = commit_files(lab.repo, None, {"old": "x"}, "old")
    lab.push("refs/heads/old", old)
    lab.target.run("pack-refs", "--all")  # so that removing the ref needs packed-refs
    new = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    lock = leave(lab.url / name)
    moves = [Update(REF, new, None), Update("refs/heads/main", new, lab.main), Update("refs/heads/old", None, old)]
    assert lab.remote.push(lab.repo, moves)
    assert not lock.exists() and lab.refs() == {REF: new, "refs/heads/main": new}


def test_the_age_counts_from_the_lock_and_is_a_minute_unless_said(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__PHASEPLAN__LOCK_AGE")
    assert locks.lock_age() == 60
    young, old = leave(lab.url / "refs/heads/a.lock", 50), leave(lab.url / "refs/heads/b.lock", 61)
    locks.sweep(lab.url, locks.lock_age())
    assert young.exists() and not old.exists()
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__LOCK_AGE", "soon")
    with pytest.raises(InputFault, match="`lock_age` in section"):
        locks.lock_age()


@pytest.fixture
def pusher(lab: Lab, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A living push that has locked REF and waits, at the end of a pipe, to be let go on."""
    gate, ready = tmp_path / "gate", tmp_path / "ready"
    os.mkfifo(gate)
    os.mkfifo(ready)
    hook = lab.url / "hooks" / "reference-transaction"
    hook.write_text(f'#!/bin/sh\n[ "$1" = prepared ] || exit 0\necho >{ready}\nread -r _ <{gate}\nexit 0\n')
    hook.chmod(0o755)
    command = ["git", "-C", str(lab.repo.path), "push", "-q", str(lab.url), f"{lab.main}:{REF}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    ready.read_text()
    hook.unlink()
    yield process
    if process.poll() is None:
        gate.write_text("\n")
        process.wait()


def test_a_lock_is_left_alone_while_a_git_works_in_the_repository(
    lab: Lab, tmp_path: Path, pusher: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lab.url / f"{REF}.lock"
    os.utime(lock, (1, 1))
    monkeypatch.setattr(locks, "GRACE", 0.2)
    assert lab.remote.push(lab.repo, [Update(REF + "2", lab.main, None)]), "others are not held up"
    with pytest.raises(Infrastructure, match=rf"(?s)was refused: the repository holds .*{REF}\.lock; unless a push"):
        lab.remote.push(lab.repo, [Update(REF, lab.main, None)])
    assert lock.exists()
    (tmp_path / "gate").write_text("\n")
    assert pusher.wait() == 0 and lab.refs()[REF] == lab.main and not lock.exists()


def test_a_task_that_starts_sweeps_a_local_target(lab: Lab, tmp_path: Path) -> None:
    lock = leave(lab.url / "refs/phaseplan/phase-5/started/1/1.lock", 1)
    old = leave(lab.url / "objects/tmp_objdir-incoming-abc123/pack/tmp_pack_1", AGE * locks.PATIENCE + 1)
    for folder in (old.parent, old.parent.parent):
        os.utime(folder, (1, 1))
    young = leave(lab.url / "objects/tmp_objdir-incoming-def456/pack/tmp_pack_1", 1)
    with lab.remote.private(state=tmp_path / "state"):
        pass
    assert not lock.exists() and not old.parent.parent.exists() and young.exists()


def test_files_of_people_are_no_locks_of_git(tmp_path: Path, lab: Lab) -> None:
    tree = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", str(lab.url), str(tree)], check=True, capture_output=True)
    theirs = [leave(tree / "poetry.lock", 999), leave(tree / "refs/x.lock", 999), leave(tree / ".git/index.lock", 999)]
    mine = leave(tree / ".git/refs/heads/x.lock", 999)
    for url in (str(tree), f"file://{tree}"):
        assert locks.local(url) == tree / ".git"
    with Remote(str(tree)).private(state=tmp_path / "state"):
        pass
    assert all(path.exists() for path in theirs) and not mine.exists()
    assert locks.local("https://example.org/x.git") is None and locks.local(str(tmp_path)) is None
    outside = leave(tmp_path / "elsewhere.lock", 999)
    assert not locks.release(lab.url, [str(outside)], AGE) and outside.exists()
    assert not locks.release(lab.url, ["../elsewhere.lock"], AGE) and outside.exists()


@pytest.fixture
def served(lab: Lab) -> Iterator[str]:
    """The target as another machine's: behind git's own server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--export-all", "--enable=receive-pack", "--reuseaddr", "--listen=127.0.0.1"]
    command += [f"--port={port}", f"--base-path={lab.url.parent}", "--verbose", str(lab.url.parent)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stderr and "Ready to rumble" in server.stderr.readline()
    yield f"git://127.0.0.1:{port}/target.git"
    os.killpg(server.pid, signal.SIGTERM)
    server.wait()
    server.stderr.close()


def test_elsewhere_the_message_says_what_to_remove(lab: Lab, served: str, tmp_path: Path) -> None:
    remote = Remote(served)
    lock = leave(lab.url / f"{REF}.lock", 999)
    with remote.private(state=tmp_path / "state") as repo:
        remote.take(repo, ["refs/heads/main"])
        with pytest.raises(
            Infrastructure, match=rf"refused 8 times: .*target\.git/(\./)?{re.escape(REF)}\.lock; .*remove it"
        ):
            remote.push(repo, [Update(REF, lab.main, None)])
        assert lock.exists()
        lock.unlink()
        assert remote.push(repo, [Update(REF, lab.main, None)])


def test_a_push_of_which_a_part_landed_is_rolled_forward(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": []}))
    for branch in ("1", "2"):
        lab.build(token, branch, {branch: "x\n"})
    lab.integrate(token, 1)
    wanted = lab.refs()
    gone = [refs.integration(PHASE), "refs/heads/feature/b1", "refs/heads/feature/b2"]
    for ref in gone:
        lab.push(ref, None)
    hook = lab.url / "hooks" / "reference-transaction"
    hook.write_text((HERE / "hooks" / "reference-transaction").read_text())
    hook.chmod(0o755)
    code = (
        "import os, sys; from pathlib import Path; from phaseplan.repository.repo import GitRepo\n"
        "from phaseplan.repository.remote import Remote\n"
        "from phaseplan.merging.reconcile import reconcile\n"
        "os.environ.update(SHIM_MOMENT='torn', SHIM_WHOM='all', SHIM_CLIENT=str(os.getpid()))\n"
        "os.environ.update(SHIM_WORKER=str(os.getpid()), SHIM_SELF=str(os.getpid()))\n"
        "reconcile(GitRepo(Path(sys.argv[1])), Remote(sys.argv[2]), int(sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, str(lab.repo.path), str(lab.url), str(PHASE)]
    assert subprocess.run(command, start_new_session=True, check=False).returncode == -signal.SIGKILL
    hook.unlink()
    held = lab.refs()
    assert len([ref for ref in gone if ref in held]) == 1, "torn: atomic is no safety against crashes"
    assert len(list(lab.url.rglob("*.lock"))) == 2
    assert derived(reconcile(lab.repo, lab.remote, PHASE)) == []
    assert lab.refs() == wanted and not list(lab.url.rglob("*.lock"))


def _cache(state: Path) -> Path:
    return next((state / "cache").glob("*.git"))


def test_what_a_killed_fetch_left_in_the_cache_is_cleared(lab: Lab, tmp_path: Path) -> None:
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/main"])
    more = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    lab.push("refs/heads/more", more)
    cache = _cache(tmp_path)
    GitRepo(cache).run("pack-refs", "--all")
    names = (
        "packed-refs.lock",
        "shallow.lock",
        "HEAD.lock",
        f"{kept('refs/heads/more')}.lock",
        "objects/pack/tmp_pack_x",
    )
    left = [leave(cache / name) for name in names]
    draft = leave(cache.parent / f"{cache.stem}.draft-0" / "HEAD").parent
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/more"], [more])
        assert repo.rev(more)
    assert not [path for path in left if path.exists()]
    (cache / "HEAD").unlink()  # half gone: made again, drafts of the dead included
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/more"], [more])
        assert repo.rev(more)
    assert not draft.exists()


def test_a_cache_with_a_damaged_ref_is_filled_again(lab: Lab, tmp_path: Path) -> None:
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/main"])
    new = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    lab.push("refs/heads/main", new)
    (_cache(tmp_path) / kept("refs/heads/main")).write_bytes(b"\0" * 41)  # as a machine that lost power leaves it
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/main"], [new])
        assert repo.rev(new) == new


def test_a_git_that_outlives_its_worker_keeps_the_cache_to_itself(lab: Lab, tmp_path: Path) -> None:
    gate, ready = tmp_path / "gate", tmp_path / "ready"
    os.mkfifo(gate)
    os.mkfifo(ready)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *" fetch "*) echo $$ >{ready}; read -r _ <{gate};; esac\nexec /usr/bin/git "$@"\n'
    )
    slow.chmod(0o755)
    code = (
        "import sys; from pathlib import Path; from phaseplan.repository.remote import Remote\n"
        "remote = Remote(sys.argv[1])\n"
        "with remote.private(state=Path(sys.argv[2])) as repo: remote.take(repo, ['refs/heads/main'])"
    )
    command = [sys.executable, "-c", code, str(lab.url), str(tmp_path / "state")]
    worker = subprocess.Popen(command, env={**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"})
    ready.read_text()
    worker.kill()
    worker.wait()
    lock = next((tmp_path / "state" / "cache").glob("*.lock"))
    assert not _free(lock), "its fetch still writes there"
    with lock.open() as wait_for_the_end:
        gate.write_text("\n")
        subprocess.run(["flock", str(wait_for_the_end.fileno())], pass_fds=[wait_for_the_end.fileno()], check=True)
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert repo.rev(lab.main) == lab.main
    assert not list((tmp_path / "state" / "cache" / "private").iterdir())


def _free(lock: Path) -> bool:
    return subprocess.run(["flock", "--nonblock", str(lock), "true"], check=False).returncode == 0
