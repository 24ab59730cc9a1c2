"""One crash and what comes after it: kill a worker at one call of git, start it again, compare with no crash at all."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from phaseplan.ledger.records import Token
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.reconcile import derived
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab
from tests.git.shim import worker

HERE = Path(__file__).parent
GIT = shutil.which("git") or "git"
KILLED = -9
#: Seconds after which a lock counts as left behind: longer than any push of this test takes.
LOCK_AGE = 0.4
#: What is on disk right after some crashes.
SCARS = {"all-at-quarantine": "tmp_objdir-*", "all-at-prepared": "*.lock"}

_server = multiprocessing.get_context("forkserver")  # a warm interpreter: a worker starts in milliseconds
_server.set_forkserver_preload([worker.__name__])
_starting = threading.Lock()


@dataclass(frozen=True)
class Call:
    """One call of git in an undisturbed run: the `number`th of its task."""

    stage: str
    number: int
    text: str

    @property
    def push(self) -> bool:
        return " push " in f" {self.text} "


@dataclass(frozen=True)
class Scene:
    """An undisturbed run: its calls, a copy of the disk before each task, and how it ended."""

    folder: Path
    shape: str
    token: Token
    calls: tuple[Call, ...]
    ends: dict[str, dict[str, Any]]  # by task: what the target said after it

    def after(self, stage: str) -> list[str]:
        """The tasks from one on."""
        return list(self.ends)[list(self.ends).index(stage) :]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What puts the shim between a worker and git."""
    return {
        "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}",
        "SHIM_COUNT": str(folder / "count"),
        "SHIM_LOG": "",
        "SHIM_AT": "0",
        "SHIM_HOW": "",
        "SHIM_GIT": GIT,
        "SHIM_HOOKS": str(HERE / "hooks"),
        "SHIM_TARGET": str(folder / "target.git"),
        "AIRFLOW__PHASEPLAN__LOCK_AGE": str(LOCK_AGE),
        "TMPDIR": str(folder / "tmp"),  # what a killed process leaves goes with the trial
        "GIT_TEST_FSYNC": "0",  # a killed process loses nothing that it has written
        **more,
    }


def start(folder: Path, shape: str, token: Token | None, stages: Sequence[str], env: Mapping[str, str]) -> int:
    """Run tasks in a real process of their own and wait for its end.

    :return: its exit code; a negative one is the signal that ended it.
    """
    said = token.model_dump_json() if token else ""
    args = (env, str(folder / "target.git"), str(folder / "state"), shape, said, *stages)
    process = _server.Process(target=worker.main, args=args)
    with _starting:
        process.start()
    wait([process.sentinel])
    with _starting:  # starting one reads the exit codes of all that have ended, and each can be read only once
        process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def undisturbed(folder: Path, shape: str) -> Scene:
    """Count the calls of a run that nothing happens to."""
    live = folder / "live"
    live.mkdir()
    Lab(live, {"base": "base\n"})
    calls, ends, token = list[Call](), dict[str, dict[str, Any]](), None
    for stage in worker.stages(worker.plan(shape)):
        shutil.copytree(live, folder / "before" / stage)
        log = live / "log"
        _fresh(live, live)
        assert start(live, shape, token, [stage], environment(live, SHIM_LOG=str(log))) == 0
        calls += [Call(stage, i, text) for i, text in enumerate(log.read_text().splitlines(), 1)]
        log.unlink()
        (live / "count").unlink()
        ends[stage] = outcome(live)
        run = look(live)[0].ledger.run
        token = Token(run=run.id, epoch=run.epoch, base=run.base, plan=run.plan)
    assert token is not None
    return Scene(folder, shape, token, tuple(calls), ends)


def _fresh(folder: Path, made_at: Path) -> None:
    """The cache is known by the target's path and fresh for a while: neither may add calls to some runs only."""
    keys = [hashlib.sha256(str(where / "target.git").encode()).hexdigest()[:16] for where in (made_at, folder)]
    for path in (folder / "state" / "cache").glob(f"{keys[0]}.*"):
        path.rename(path.with_name(path.name.replace(*keys)))
    for stamp in (folder / "state" / "cache").glob("*.stamp"):
        stamp.touch()


def _verb(call: str) -> str:
    """The command of a call, without its options in front."""
    words = iter(call.split())
    return next(word for word in words if not word.startswith("-") and "=" not in word)


def look(folder: Path) -> tuple[Snapshot, GitRepo]:
    """What a target says, read by somebody new."""
    repo = GitRepo.init(folder / "reader.git")
    try:
        return read(repo, Remote(str(folder / "target.git")), PHASE), repo
    finally:
        shutil.rmtree(repo.path)


def outcome(folder: Path) -> dict[str, Any]:
    """All that must come out the same: everything but clocks, and commits that a clock is part of."""
    target = GitRepo(folder / "target.git")
    snapshot, _ = look(folder)
    held = dict(
        line.split()[::-1] for line in target.run("for-each-ref", "--format=%(objectname) %(refname)").out.splitlines()
    )
    timed = ("ledger", "started", "results")
    ledger = snapshot.folded()
    branches = {
        b: (r.state, r.attempt, r.gating, r.commit, r.merge, r.rejected, r.reason) for b, r in ledger.branches.items()
    }
    return {
        "refs": {ref: "" if ref.split("/")[3:4] and ref.split("/")[3] in timed else sha for ref, sha in held.items()},
        "branches": branches,
        "waves": {n: (w.run, w.state, w.head) for n, w in ledger.waves.items()},
        "integration": ledger.integration,
        "run": ledger.run and (ledger.run.id, ledger.run.epoch, bool(ledger.run.closed), ledger.run.complete),
        "status": sorted(line[17:] for line in snapshot.status_lines),  # their order is by the minute
        "derived": [str(move) for move in derived(snapshot)],
        "unreachable": _lost(target, snapshot),
    }


def _lost(target: GitRepo, snapshot: Snapshot) -> list[str]:
    """Collected commits that no attempt ref holds, and passed ones of which the integration knows nothing."""
    kept = snapshot.attempts
    found = [f"{b}/{v.attempt}" for b, vs in snapshot.verdicts.items() for v in vs if kept[b].get(v.attempt) != v.raw]
    tip = snapshot.ledger.integration if snapshot.ledger else None
    merged = [r.commit for r in snapshot.folded().branches.values() if r.merge and r.commit]
    return found + [c for c in merged if not tip or not target.is_ancestor(c, tip)]


def leftovers(folder: Path) -> list[str]:
    """What a crash may leave on disk and recovery must remove."""
    places = (folder / "target.git", folder / "state")
    found = [p for place in places for p in place.rglob("*.lock") if p.parent.name != "cache"]
    found += (folder / "state" / "cache" / "private").iterdir()
    return [str(p.relative_to(folder)) for p in found]


def trial(scene: Scene, call: Call, how: str, folder: Path, *, whole: bool) -> str:
    """Kill at one call, start again until it ends, compare.

    :param whole: go on to the end of the run; else the task that was killed is done again and compared with what the
        undisturbed one left, from which everything after it follows.
    :return: what is different from the undisturbed run; empty: nothing.
    """
    shutil.copytree(scene.folder / "before" / call.stage, folder)
    _fresh(folder, scene.folder / "live")
    token = None if call.stage == "open" else scene.token
    left = scene.after(call.stage) if whole else [call.stage]
    log = folder / "log"
    env = environment(folder, SHIM_AT=str(call.number), SHIM_HOW=how, SHIM_LOG=str(log))
    code = start(folder, scene.shape, token, left, env)
    if (made := log.read_text().splitlines()[call.number - 1 : call.number]) and _verb(made[0]) != _verb(call.text):
        return f"another call than in the undisturbed run: {made[0]}"
    if how in SCARS and not list((folder / "target.git").rglob(SCARS[how])):
        return f"the crash left no {SCARS[how]}: it was not the crash it should be"
    for hook in (HERE / "hooks").iterdir():
        (folder / "target.git" / "hooks" / hook.name).unlink(missing_ok=True)
    if code not in (KILLED, 0) or (code == 0 and "-after-" not in how):
        return f"the worker was not killed: exit code {code}"
    if (code := start(folder, scene.shape, token, left, environment(folder))) != 0:
        return f"the worker did not get over it: exit code {code}"
    return _compare(scene.ends[left[-1]], folder)


def _compare(expected: dict[str, Any], folder: Path) -> str:
    end = outcome(folder)
    wrong = [f"{key}: {end[key]} instead of {expected[key]}" for key in end if end[key] != expected[key]]
    if leftovers(folder):  # an orphan may have held a lock of the dead while the worker swept: the next start sweeps
        with Remote(str(folder / "target.git")).private(state=folder / "state"):
            pass
    wrong += [f"left behind: {left}"] if (left := leftovers(folder)) else []
    said = subprocess.run(
        [GIT, "-C", str(folder / "target.git"), "fsck", "--full", "--no-dangling"], capture_output=True, text=True
    )
    return "; ".join([*wrong, *([f"fsck: {said.stderr}"] if said.returncode or said.stderr else [])])


def describe(call: Call, how: str) -> str:
    """A crash point as a failure names it."""
    return json.dumps({"stage": call.stage, "call": call.number, "how": how, "git": call.text[-160:]})
