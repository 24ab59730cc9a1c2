"""Attempts follow each other under one claim; a Clear brings a fresh budget; a person's fix is adopted."""

from __future__ import annotations

import subprocess

import pytest

from phaseplan.attempt.clean_up import settle
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import NameTaken
from phaseplan.containers.log_following import follow
from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import State
from phaseplan.phase.open import open_phase
from phaseplan.wave.integrate import integrate
from tests.build.conftest import Stage

pytestmark = pytest.mark.docker

SECOND = """
mkdir -p a
[ "$PHASEPLAN_ATTEMPT" = 1 ] && { echo draft > a/draft.txt; exit 3; }
grep 'exited with code 3' /phaseplan/task.md > a/file.txt; cp /phaseplan/previous.diff a/previous.txt
"""
NEVER = "mkdir -p a; echo $PHASEPLAN_ATTEMPT > a/file.txt; exit 3"
MENDED_THIRD = 'mkdir -p a; echo "$PHASEPLAN_ATTEMPT" > a/file.txt; [ "$PHASEPLAN_ATTEMPT" -ge 3 ] || exit 3'


def script(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [text], indirect=True, ids=["agent"])


def carry(stage: Stage, claim: str = "run-1/3") -> tuple[Done, int]:
    """Play a whole Airflow try; also how many containers ran."""
    containers = 0
    while True:
        with stage.job(claim) as job:
            came = step(job)
        if isinstance(came, Done):
            return came, containers
        if isinstance(came, Running):
            containers += 1
            follow(stage.client, came.container, lambda _: None)
        assert isinstance(came, Running | Again)


def outcomes(stage: Stage) -> list[tuple[int, str]]:
    return [(v.attempt, v.outcome) for v in stage.snapshot().verdicts["7.1.1"]]


def show(stage: Stage, name: str) -> str:
    return subprocess.run(
        ["git", "-C", stage.remote.url, "show", name], check=True, capture_output=True, text=True
    ).stdout


@script(SECOND)
def test_the_next_attempt_reads_what_sank_the_first_and_publishes_as_v2(stage: Stage) -> None:
    done, containers = carry(stage)
    assert (done.verdict.outcome, done.verdict.name, containers) == ("passed", "feature/a-v2", 2)
    assert outcomes(stage) == [(1, "failed"), (2, "passed")]
    snapshot = stage.snapshot()
    assert sorted(n for n in snapshot.heads if "feature" in n) == ["refs/heads/feature/a-v2"]
    assert sorted(snapshot.attempts["7.1.1"]) == [1, 2]
    assert "the agent exited with code 3" in show(stage, "feature/a-v2:a/file.txt")
    assert "+draft" in show(stage, "feature/a-v2:a/previous.txt")
    words = [line.split(": ", 1)[1].split(" ")[0] for line in snapshot.status_lines]
    assert words == ["STARTED", "FAILED", "STARTED", "COMPLETED"]
    assert stage.containers() == []


@script(NEVER)
def test_a_budget_that_is_used_up_isolates_and_a_clear_brings_a_fresh_one(stage: Stage) -> None:
    done, containers = carry(stage)
    assert (done.verdict.outcome, containers) == ("failed", 2)
    assert stage.snapshot().state("7.1.1") is State.ISOLATED
    assert "ISOLATED 7.1.1 A (attempt 2 was the last of 2)" in stage.snapshot().status_lines[-1]
    before = stage.remote.refs()
    again, more = carry(stage)
    assert (again.verdict, more) == (done.verdict, 0)
    assert stage.remote.refs() == before
    _, fresh = carry(stage, "run-1/7")
    assert fresh == 2
    assert outcomes(stage) == [(n, "failed") for n in (1, 2, 3, 4)]


@script(MENDED_THIRD)
def test_after_a_clear_the_mended_agent_comes_back_under_the_next_number(stage: Stage) -> None:
    carry(stage)
    done, _ = carry(stage, "run-1/7")
    assert (done.verdict.attempt, done.verdict.name) == (3, "feature/a-v3")
    assert show(stage, "feature/a-v3:a/file.txt") == "3\n"


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_a_container_killed_from_outside_consumes_nothing_and_the_next_try_begins_anew(stage: Stage) -> None:
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running)
    stage.client.api.kill(running.container)
    with stage.job() as job:
        came = step(job)
    assert isinstance(came, Done)
    assert came.verdict.outcome == "unfinished"
    assert "stopped from outside (exit code 137" in came.verdict.reason
    assert 1 in stage.snapshot().attempts["7.1.1"]
    with stage.job() as job:
        following = step(job)
    assert isinstance(following, Running)
    assert sorted(stage.snapshot().started["7.1.1"]) == [1, 2]


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_settling_twice_is_settling_once(stage: Stage) -> None:
    with stage.job() as job:
        running = step(job)
        assert isinstance(running, Running)
        with stage.job() as other:
            settle(other, over=False)
        assert [c.status for c in stage.containers()] == ["running"]
        with stage.job() as other:
            settle(other, over=True)
        after = stage.remote.refs()
        with stage.job() as other:
            settle(other, over=True)
        assert stage.remote.refs() == after
    assert stage.containers() == []
    assert outcomes(stage) == [(1, "unfinished")]
    assert stage.snapshot().state("7.1.1") is State.UNFINISHED


@script("mkdir -p a; echo x > a/file.txt")
def test_what_a_settled_worker_publishes_late_does_not_count(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None)
    from phaseplan.attempt import publish

    real = publish.publish_result

    def settled_meanwhile(*args: object, **more: object) -> object:
        monkeypatch.setattr(publish, "publish_result", real)
        with stage.job() as other:
            settle(other, over=True)
        return real(*args, **more)

    monkeypatch.setattr(publish, "publish_result", settled_meanwhile)
    with stage.job() as job:
        came = step(job)
    assert isinstance(came, Done)
    assert came.verdict.outcome == "unfinished"
    assert "refs/heads/feature/a" not in stage.snapshot().heads
    assert outcomes(stage) == [(1, "unfinished")]


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_another_claims_container_is_never_settled(stage: Stage) -> None:
    with stage.job("run-1/7") as job:
        running = step(job)
    assert isinstance(running, Running)
    with stage.job("run-1/3") as job:
        settle(job, over=True)
    assert [c.status for c in stage.containers()] == ["running"]


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_two_processes_cannot_run_one_attempt_twice(stage: Stage) -> None:
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running)
    found = stage.containers()[0]
    spec = engine.Spec(image="debian:bookworm-slim", labels=found.labels, user="1000:1000", memory=1 << 26)
    with pytest.raises(NameTaken):
        engine.create(stage.client, spec)
    volumes = stage.client.api.volumes(filters={"label": f"phaseplan.ledger={found.labels.ledger}"})["Volumes"]
    assert len(volumes) == 1


@script(NEVER)
def test_a_fix_that_a_person_pushed_is_gated_and_keeps_its_name(stage: Stage) -> None:
    carry(stage)
    pushed = push(stage, "feature/a-v2", "refs/phaseplan/phase-7/attempts/7.1.1/2", {"a/file.txt": "by hand\n"})
    done, containers = carry(stage, "run-1/7")
    assert containers == 0
    assert (done.verdict.outcome, done.verdict.source, done.verdict.attempt) == ("passed", "person", 3)
    assert (done.verdict.name, done.verdict.commit) == ("feature/a-v2", pushed)
    with stage.remote.private(state=stage.state) as repo:
        merged = integrate(stage.remote, repo, stage.token, 1, None, phase=7)  # no wave gates
    assert merged.merged == ("7.1.1",)
    assert show(stage, "integration/phase-7:a/file.txt") == "by hand\n"
    assert stage.snapshot().heads["refs/heads/feature/a-v2"] == pushed


@script(MENDED_THIRD)
def test_a_persons_fix_that_fails_is_a_finding_and_the_agent_goes_on(stage: Stage) -> None:
    carry(stage)
    push(stage, "feature/a-v2", "main", {"b/elsewhere.txt": "not mine\n"})
    done, containers = carry(stage, "run-1/7")
    assert [(v.attempt, v.outcome, v.source) for v in stage.snapshot().verdicts["7.1.1"]][2:] == [
        (3, "failed", "person"),
        (4, "passed", "agent"),
    ]
    assert containers == 1
    assert done.verdict.name == "feature/a-v4"
    assert "refs/heads/feature/a-v2" in stage.snapshot().heads


def push(stage: Stage, name: str, parent: str, files: dict[str, str]) -> str:
    """What a person does with git on a machine of their own."""
    work = stage.state.parent / "person"
    git = ["git", "-c", "user.name=p", "-c", "user.email=p@localhost"]
    subprocess.run([*git, "clone", "-q", stage.remote.url, str(work)], check=True)
    subprocess.run([*git, "-C", str(work), "fetch", "-q", "origin", parent], check=True)
    subprocess.run([*git, "-C", str(work), "checkout", "-q", "FETCH_HEAD"], check=True)
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    subprocess.run([*git, "-C", str(work), "add", "."], check=True)
    subprocess.run([*git, "-C", str(work), "commit", "-q", "-m", "mend it"], check=True)
    subprocess.run([*git, "-C", str(work), "push", "-q", "origin", f"HEAD:refs/heads/{name}"], check=True)
    return subprocess.run(
        ["git", "-C", str(work), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_a_new_run_puts_away_what_a_dead_one_left(stage: Stage) -> None:
    with stage.job() as job:
        assert isinstance(step(job), Running)
    agent = stage.containers()[0]
    volume = engine.volume_of(stage.client, agent.id)
    collector = agent.labels.playing("collector")
    engine.create(stage.client, engine.Spec("debian:bookworm-slim", collector, "1000:1000", 1 << 26, volume=volume))
    opened(stage, "run-2")
    with stage.job("run-2/0", branch="") as job:
        sweep(job)
    assert stage.containers() == []
    assert not stage.client.api.volumes(filters={"name": volume})["Volumes"]
    assert outcomes(stage) == [(1, "cancelled")]
    assert stage.snapshot().attempts["7.1.1"]


def opened(stage: Stage, run: str) -> None:
    """Another run takes over, as a second trigger of the DAG does."""
    pinned = stage.snapshot().pinned
    assert pinned
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(
            stage.remote, repo, pinned.plan, pinned.profiles, run_id=run, base_name="main", start="wave"
        )


@script("mkdir -p a; echo x > a/file.txt; sleep 600")
def test_an_agent_that_cannot_be_collected_now_does_not_keep_a_run_from_opening(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.job() as job:
        assert isinstance(step(job), Running)
    opened(stage, "run-2")

    def away(*_: object) -> None:
        raise Infrastructure("the engine went away in the middle")

    with monkeypatch.context() as patch, stage.job("run-2/0", branch="") as job:
        patch.setattr("phaseplan.attempt.sweep.put_away", away)
        sweep(job)
    assert "cannot be collected now and is left as it is" in stage.said[-1]
    with stage.job("run-2/0", branch="") as job:
        sweep(job, lambda branch: branch == "7.1.2")
        assert len(stage.containers()) == 1
        sweep(job, lambda branch: branch == "7.1.1")
    assert stage.containers() == []
