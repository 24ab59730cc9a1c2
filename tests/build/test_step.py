"""Every start finds out from refs and labels how far the branch has got: retry, resume and Clear are one code."""

from __future__ import annotations

from dataclasses import replace

import docker
import pytest

from phaseplan.attempt.job import Again, Done, NotReady, Running, Untouched
from phaseplan.attempt.step import step
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.log_following import follow
from phaseplan.errors import Infrastructure
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from tests.build.conftest import PLAN, Stage

pytestmark = pytest.mark.docker

SLOW = pytest.mark.parametrize("stage", ["mkdir -p a; echo hello > a/file.txt; sleep 600"], indirect=True)
QUICK = "mkdir -p a; echo hello > a/file.txt"


def begin(stage: Stage, claim: str = "run-1/3") -> Running:
    with stage.job(claim) as job:
        running = step(job)
    assert isinstance(running, Running)
    return running


def end(stage: Stage, claim: str = "run-1/3") -> Done | Again:
    with stage.job(claim) as job:
        done = step(job)
    assert isinstance(done, Done | Again)
    return done


@SLOW
def test_a_retry_follows_the_container_that_runs(stage: Stage) -> None:
    first = begin(stage)
    again = begin(stage)
    assert again.container == first.container
    assert len(stage.containers()) == 1
    assert list(stage.snapshot().started["7.1.1"]) == [1]


def test_a_retry_harvests_the_container_that_has_ended(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    verdict = end(stage).verdict
    assert verdict.outcome == "passed"
    assert verdict.name == "feature/a"
    assert stage.snapshot().heads["refs/heads/feature/a"] == verdict.commit
    assert stage.containers() == []


def test_a_start_after_the_verdict_changes_nothing(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    first = end(stage).verdict
    before = stage.remote.refs()
    assert end(stage).verdict == first
    assert stage.remote.refs() == before


def test_the_same_inputs_are_reused_under_another_claim_without_a_container(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    end(stage)
    done = end(stage, "run-2/3")
    assert done.reused
    assert list(stage.snapshot().started["7.1.1"]) == [1]
    assert any("REUSED 7.1.1" in line for line in stage.said)


@SLOW
def test_a_clear_stops_the_old_agent_keeps_its_work_and_starts_anew(stage: Stage) -> None:
    old = begin(stage, "run-1/3")
    follow(stage.client, old.container, lambda _: None, seconds=1.0)
    new = begin(stage, "run-1/7")
    assert new.container != old.container
    assert [c.id for c in stage.containers()] == [new.container]
    snapshot = stage.snapshot()
    assert [(v.attempt, v.outcome) for v in snapshot.verdicts["7.1.1"]] == [(1, "cancelled")]
    assert list(snapshot.started["7.1.1"]) == [1, 2]
    with stage.remote.private(state=stage.state) as repo:
        stage.remote.fetch(repo, "refs/phaseplan/*:refs/phaseplan/*")
        assert repo.line("show", "refs/phaseplan/phase-7/attempts/7.1.1/1:a/file.txt") == "hello"


def test_a_worker_that_died_before_its_container_ran_keeps_its_number(stage: Stage) -> None:
    running = begin(stage)
    engine.remove(stage.client, running.container)
    again = begin(stage)
    assert again.container != running.container
    assert list(stage.snapshot().started["7.1.1"]) == [1]


def test_work_that_was_kept_is_judged_when_its_container_is_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("phaseplan.attempt.step.judge", die)
        with pytest.raises(KeyboardInterrupt):
            end(stage)
    engine.remove(stage.client, running.container)
    assert end(stage).verdict.outcome == "passed"


@pytest.mark.parametrize("stage", [f"{QUICK}; echo waiting for the weather; exit 75"], indirect=True)
def test_exit_75_is_blocked_with_its_last_line(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    verdict = end(stage).verdict
    assert (verdict.outcome, verdict.reason) == ("blocked", "waiting for the weather")
    assert "waiting for the weather" in stage.snapshot().blockers[-1]


@pytest.mark.parametrize("stage", ["mkdir -p a; : > a/file.txt"], indirect=True)
def test_a_red_gate_names_its_command(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    verdict = end(stage).verdict
    assert verdict.outcome == "failed"
    assert [f.gate for f in verdict.findings] == ["commands"]
    assert "test -s a/file.txt" in verdict.findings[0].message
    assert "refs/heads/feature/a" not in stage.snapshot().heads


@pytest.mark.parametrize(
    "stage", ['mkdir -p a; echo "$API_KEY" > a/file.txt; echo "key is $API_KEY"; exit 75'], indirect=True
)
def test_a_secret_reaches_neither_the_repository_nor_a_reason(stage: Stage) -> None:
    secret = "correct-horse-battery"
    with stage.job(API_KEY=secret) as job:
        running = step(job)
        assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None)
    with stage.job(API_KEY=secret) as job:
        done = step(job)
    assert isinstance(done, Done)
    assert secret not in done.verdict.model_dump_json()
    with stage.remote.private(state=stage.state) as repo:
        stage.remote.fetch(repo, "refs/phaseplan/*:refs/phaseplan/*", "refs/heads/*:refs/heads/*")
        for ref in stage.remote.refs():
            if ref != "HEAD":
                assert repo.run("grep", "-q", secret, ref, ok=(0, 1)).code == 1, ref
    kept = {f.message.split()[8] for f in done.verdict.findings if f.gate == "kept"}
    assert kept, "the work is not thrown away either"
    for volume in kept:
        stage.client.volumes.get(volume).remove()


def test_a_branch_whose_dependency_is_out_is_not_started(stage: Stage) -> None:
    with (
        stage.job(branch="7.1.2") as job,
        pytest.raises(NotReady, match=r"7.1.2 is blocked: need A from 7.1.1, pending"),
    ):
        step(job)
    assert stage.snapshot().started == {}


@pytest.mark.branches("7.1.1")
def test_a_branch_that_is_not_selected_is_left_as_it_is(stage: Stage) -> None:
    with stage.job(branch="7.1.2") as job:
        assert isinstance(step(job), Untouched)
    assert stage.snapshot().started == {}


def test_an_engine_that_is_gone_in_the_middle_is_infrastructure_and_the_next_start_goes_on(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    gone = docker.DockerClient(base_url="unix:///nowhere/docker.sock", version="1.41")
    with stage.job() as job, pytest.raises(Infrastructure):
        step(replace(job, client=gone))
    assert stage.snapshot().verdicts == {}
    verdict = end(stage).verdict
    assert (verdict.attempt, verdict.outcome) == (1, "passed")


def test_an_image_that_is_missing_is_infrastructure_and_consumes_nothing(stage: Stage) -> None:
    with stage.job() as job, stage.remote.private(state=stage.state) as repo:
        open_phase(
            stage.remote,
            repo,
            PhasePlan.model_validate(PLAN),
            {"sh": AgentProfile(image="phaseplan/does-not-exist:1")},
            run_id="run-2",
            base_name="main",
            start="wave",
        )
        run = stage.snapshot().ledger.run
        token = stage.token.model_copy(update={"run": "run-2", "epoch": run.epoch})
        with pytest.raises(ImageMissing, match="does-not-exist"):
            step(replace(job, token=token))
    assert stage.snapshot().started == {}


@SLOW
def test_a_process_that_follows_another_s_agent_says_when_it_began(stage: Stage) -> None:
    begin(stage)
    stage.said.clear()  # with the worker's disk
    begin(stage)
    (line,) = [said for said in stage.said if "STARTED 7.1.1 A" in said]
    (agent,) = stage.containers()
    assert line.startswith(agent.started_at[:16].replace("T", " "))
    assert not stage.snapshot().status_lines, "the ledger gets it once, with the result"
