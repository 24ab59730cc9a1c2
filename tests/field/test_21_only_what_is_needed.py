"""Line 21: only what a phase needs is fetched, whole or not at all, and the caches have a bound.

Was: every task fetched all branches of the target, so one unreadable object in two unrelated branches stopped
everything; other tasks read what a fetch had brought incompletely, and were told to delete a sound verdict.
Right: a task fetches the refs of its phase and its base, each fetch becomes visible as one pack, and what is missing
here is fetched again before it is reported. `cache_size` limits the size of all caches together; one in use stays.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger.refs import ledger, result
from phaseplan.ledger.write import read
from phaseplan.merging.base import find_base
from phaseplan.phase.close import close_phase
from phaseplan.phase.open import open_phase
from phaseplan.repository import cache_bound as bound
from phaseplan.repository.cache import PACKS, PrivateRepo
from phaseplan.repository.objects import read_objects
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, commit_files, plan_of


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def damage(lab: Lab, branch: str) -> str:
    """Push a branch and take a file of it out of the target's disk."""
    made = commit_files(lab.target, lab.main, {branch: f"{branch} {os.urandom(8).hex()}\n"}, branch)
    lab.target.run("update-ref", f"refs/heads/{branch}", made)
    blob = lab.target.line("rev-parse", f"{made}:{branch}")
    (lab.url / "objects" / blob[:2] / blob[2:]).unlink()
    return made


def test_unreadable_branches_of_others_stop_no_task(lab: Lab, tmp_path: Path) -> None:
    for branch in ("theirs", "old/thing"):
        damage(lab, branch)
    with lab.remote.private(state=tmp_path / "state") as repo:
        token = open_phase(lab.remote, repo, plan_of({"5.1.1": []}), {}, run_id="run-1", base_name="main", start="wave")
    lab.build(token, "5.1.1", {"a": "1\n"})
    lab.integrate(token, 1)
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert close_phase(repo, lab.remote, token, phase=PHASE).complete


def test_refs_that_no_task_needs_are_not_fetched(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"5.1.1": []}))
    other = commit_files(lab.repo, lab.main, {"big": "x" * 100_000}, "other")
    lab.push("refs/heads/other", other)
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert read(repo, lab.remote, PHASE).ledger is not None and find_base(lab.remote, repo, "main") == lab.main
        assert repo.rev(other) is None and repo.rev(token.base) == lab.main


def test_a_base_may_be_any_commit_that_the_target_has(lab: Lab, tmp_path: Path) -> None:
    made = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    lab.push("refs/heads/other", commit_files(lab.repo, made, {"y": "1\n"}, "y"))
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert find_base(lab.remote, repo, made) == made


def test_a_record_that_is_half_here_is_fetched_again_and_not_blamed(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"5.1.1": []}))
    lab.build(token, "5.1.1", {"a": "1\n"})
    state = tmp_path / "state"
    wanted = [lab.refs()[ref] for ref in (ledger(PHASE), result(PHASE, "5.1.1", 1, 1))]
    with lab.remote.private(state=state) as repo:
        assert isinstance(repo, PrivateRepo)
        for sha in wanted:  # as an interrupted fetch of loose objects leaves it: commits, and nothing of theirs
            raw = read_objects(lab.repo, [sha])[sha]
            assert (
                GitRepo(repo.shared).run("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw).out.strip() == sha
            )
        snapshot = read(repo, lab.remote, PHASE)
        assert snapshot.verdicts["5.1.1"][0].outcome == "passed"
    fresh = GitRepo.init(tmp_path / "fresh.git")
    for sha in wanted:
        fresh.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=read_objects(lab.repo, [sha])[sha])
    assert read(fresh, lab.remote, PHASE).ledger == snapshot.ledger


def test_a_record_that_is_bad_is_still_named(lab: Lab) -> None:
    lab.open(plan_of({"5.1.1": []}))
    lab.push(result(PHASE, "5.1.1", 1, 1), commit_files(lab.repo, lab.main, {"verdict.json": "no\n"}, "by hand"))
    with pytest.raises(Infrastructure, match=r"results/5.1.1/1.1 does not hold a readable verdict"):
        lab.read()


def test_a_fetch_becomes_visible_completely_or_not_at_all(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"5.1.1": []}))
    lab.build(token, "5.1.1", {"a": "1\n"})
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert isinstance(repo, PrivateRepo)
        read(repo, lab.remote, PHASE)
        assert not list((repo.shared / "objects").glob("??")), "no loose object: what comes, comes as a pack"


def test_many_tasks_at_once_share_what_is_fetched(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"5.1.1": []}))
    lab.build(token, "5.1.1", {"a": "1\n"})

    def look(_: int) -> int:
        with lab.remote.private(state=tmp_path / "state") as repo:
            assert isinstance(repo, PrivateRepo) and read(repo, lab.remote, PHASE).verdicts
            return len(list((repo.shared / "objects" / "pack").glob("*.pack")))

    with ThreadPoolExecutor(6) as pool:
        assert max(pool.map(look, range(12))) == 1


def test_many_fetches_do_not_make_the_cache_slow_and_lose_nothing(lab: Lab, tmp_path: Path) -> None:
    head = lab.main
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert isinstance(repo, PrivateRepo)
        for n in range(PACKS + 3):
            head = commit_files(lab.target, head, {f"f{n}": f"{n}\n"}, f"{n}")
            lab.target.run("update-ref", "refs/heads/main", head)
            lab.remote.take(repo, ["refs/heads/main"], [head])
        assert len(list((repo.shared / "objects" / "pack").glob("*.pack"))) < 10
        assert repo.run("fsck", "--connectivity-only", head).code == 0
        assert len(repo.run("rev-list", "--objects", head).out.splitlines()) > 2 * PACKS


def test_unused_caches_are_removed_first_and_one_in_use_stays(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, home = tmp_path / "state", tmp_path / "state" / "cache"
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__CACHE_SIZE", "1k")
    monkeypatch.setattr(bound, "EVERY", 0.0)
    others = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        others.append(Lab(tmp_path / name))
    with others[0].remote.private(state=state) as held, others[1].remote.private(state=state) as left:
        others[0].remote.take(held, ["refs/heads/main"])
        others[1].remote.take(left, ["refs/heads/main"])
        assert isinstance(held, PrivateRepo) and isinstance(left, PrivateRepo)
        gone = left.shared
    with others[0].remote.private(state=state) as held:
        assert isinstance(held, PrivateRepo)
        long_ago = time.time() - 2 * bound.FRESH
        for users in home.glob("*.users"):
            os.utime(users, (long_ago, long_ago))
        with lab.remote.private(state=state):
            assert not gone.exists() and held.rev(others[0].main), "in use: nothing that is borrowed goes away"
    with others[1].remote.private(state=state) as again:
        others[1].remote.take(again, ["refs/heads/main"])
        assert again.rev(others[1].main) == others[1].main
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__CACHE_SIZE", "plenty")
    with pytest.raises(InputFault, match="cache_size"), Remote(str(lab.url)).private(state=state):
        pass
