"""The target repository: races, lies of exit codes, credentials, and the cache behind private repositories."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.latency import Played, served
from phaseplan.errors import Infrastructure
from phaseplan.ledger.attempt_refs import NewAttempt, claim_attempt
from phaseplan.ledger.records import BranchRecord, State, changed
from phaseplan.ledger.write import Change, Snapshot, read, update
from phaseplan.repository.remote import Remote, RepositoryUnreachable, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, commit_files, plan_of

REF = "refs/phaseplan/phase-5/probe"


def test_push_creates_moves_and_deletes_only_from_what_is_expected(lab: Lab) -> None:
    other = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    apart = commit_files(lab.repo, lab.main, {"y": "1\n"}, "y")
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)])
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)]), "it is there: doing it twice is doing it once"
    assert not lab.remote.push(lab.repo, [Update(REF, apart, None)]), "expected absent"
    assert not lab.remote.push(lab.repo, [Update(REF, other, apart), Update(REF + "2", other, None)])
    assert REF + "2" not in lab.refs(), "all or nothing"
    assert lab.remote.push(lab.repo, [Update(REF, other, lab.main), Update(REF + "2", other, None)])
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)]), "they have gone on from ours"
    assert not lab.remote.push(lab.repo, [Update(REF, None, lab.main)])
    assert lab.remote.push(lab.repo, [Update(REF, None, other)]) and REF not in lab.refs()


def test_a_refused_push_is_infrastructure_and_says_what_the_server_said(lab: Lab) -> None:
    hook = lab.url / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho the freeze is on >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Infrastructure, match=r"(?s)^the freeze is on\nWith these words .*target.git refused"):
        lab.remote.push(lab.repo, [Update(REF, lab.main, None)])


def test_unreachable_names_the_repository_and_hides_credentials(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnreachable, match=r"/nowhere/x\.git"):
        Remote("/nowhere/x.git").refs()
    url = "http://user:hunter2@127.0.0.1:9/x.git"
    with pytest.raises(RepositoryUnreachable) as raised, Remote(url).private(state=tmp_path) as repo:
        Remote(url).take(repo, ["refs/heads/main"])
    assert "hunter2" not in str(raised.value) and "http://127.0.0.1:9/x.git" in str(raised.value)
    with pytest.raises(Infrastructure), Remote("ext::sh -c 'touch owned'").private(state=tmp_path) as repo:
        Remote("ext::sh -c 'touch owned'").take(repo, ["refs/heads/main"])
    with pytest.raises(Infrastructure):
        Remote("--upload-pack=touch owned").refs()
    assert not list(tmp_path.rglob("owned")) and not Path("/owned").exists()
    assert not list((tmp_path / "cache" / "private").iterdir())


def test_private_repositories_borrow_and_vanish(lab: Lab, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with lab.remote.private(state=state) as first, lab.remote.private(state=state) as second:
        lab.remote.take(first, ["refs/heads/main"], [lab.main])
        assert first.rev(lab.main) == second.rev(lab.main) == lab.main
        assert not [p for p in (first.path / "objects").rglob("*") if p.is_file() and p.name != "alternates"]
        later = commit_files(lab.target, lab.main, {"x": "1\n"}, "later")
        lab.target.run("update-ref", "refs/heads/main", later)
        lab.remote.fetch(first, "+refs/heads/main:refs/heads/main")
        assert first.rev("refs/heads/main") == later
        assert int(first.line("count-objects").split()[0]) <= 3, "only what is new was copied"
    assert not list((state / "cache" / "private").iterdir())


def test_a_renamed_directory_of_names_does_not_wedge_the_cache(lab: Lab, tmp_path: Path) -> None:
    lab.push("refs/heads/topic", lab.main)
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/topic"])
    lab.push("refs/heads/topic", None)
    sub = commit_files(lab.repo, lab.main, {"x": "1\n"}, "x")
    lab.push("refs/heads/topic/sub", sub)
    with lab.remote.private(state=tmp_path) as repo:
        lab.remote.take(repo, ["refs/heads/topic/sub"], [sub])
        assert repo.rev(sub) == sub


def test_leftovers_of_a_killed_process_are_swept_and_those_of_living_ones_are_not(lab: Lab, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from phaseplan.repository.remote import Remote\n"
        "with Remote(sys.argv[1]).private(state=Path(sys.argv[2])) as r: print(r.path, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(lab.url), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    left = Path(child.stdout.readline().strip())
    with lab.remote.private(state=tmp_path):
        assert left.is_dir()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert left.is_dir()
    with lab.remote.private(state=tmp_path):
        assert not left.exists()


def test_racing_claims_get_different_numbers(lab: Lab, tmp_path: Path) -> None:
    plan = plan_of({"1": []})
    lab.open(plan)

    def claim(n: int) -> int:
        repo = GitRepo.init(tmp_path / f"w{n}.git")
        lab.remote.fetch(repo, "+refs/heads/main:refs/heads/main")
        return claim_attempt(repo, lab.remote, NewAttempt(PHASE, plan.by_id["1"], lab.main, f"c/{n}", "run-1"))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(6))) == [1, 2, 3, 4, 5, 6]
    assert len({c.claim for c in lab.read().started["1"].values()}) == 6


def test_racing_writers_of_the_ledger_lose_nothing(lab: Lab, tmp_path: Path) -> None:
    ids = [str(n) for n in range(1, 6)]
    lab.open(plan_of({i: [] for i in ids}))
    start = threading.Barrier(len(ids))

    def write(branch: str) -> None:
        repo = GitRepo.init(tmp_path / f"w{branch}.git")
        lab.remote.fetch(repo, "+refs/heads/main:refs/heads/main")
        record = BranchRecord(state=State.CANCELLED, attempt=1, reason=f"by {branch}")

        def change(seen: Snapshot) -> Change:
            folded = seen.folded()
            line = f"2026-01-01 09:0{branch} Wave 1 - Agent {branch}: CANCELLED {branch} x"
            return Change(
                changed(folded, branches={**folded.branches, branch: record}), (line,), (f"BLOCKED: {branch}",)
            )

        start.wait()
        update(repo, lab.remote, PHASE, change)

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(write, ids))
    seen = lab.read()
    assert {b: r.reason for b, r in seen.folded().branches.items()} == {i: f"by {i}" for i in ids}
    assert len(seen.status_lines) == len(set(seen.status_lines)) == 5 and sorted(seen.blockers) == [
        f"BLOCKED: {i}" for i in ids
    ]


def test_a_damaged_result_is_named(lab: Lab) -> None:
    lab.push("refs/phaseplan/phase-5/results/1/1.1", lab.main)
    with pytest.raises(Infrastructure, match=r"refs/phaseplan/phase-5/results/1/1\.1 does not hold a readable verdict"):
        lab.read()


def test_reading_costs_one_listing_where_nothing_is_new(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}))
    lab.build(token, "1", {"one": "1\n"})
    lab.read()
    calls: list[str] = []
    run = lab.repo.run
    lab.repo.run = lambda *a, **k: (calls.extend(x for x in a if x in {"ls-remote", "fetch"}), run(*a, **k))[1]
    began = time.perf_counter()
    read(lab.repo, lab.remote, PHASE)
    assert calls == ["ls-remote"] and time.perf_counter() - began < 5


def test_a_listing_is_one_request(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "x")
    played = Played()
    with served(lab.url.parent, 0.0, played) as url:
        assert Remote(url).refs() == lab.remote.refs()
    assert played.requests == 1
