"""Line 11: what the agents of a dead run have made is judged by the run after it.

Was: after everything was killed, agents went on and exited with 0; the next run called their work unfinished, dropped
it and built all of it again as `-v2`. A worker that died between a claim and its container cost the name.
Right: the next run judges what has ended and follows what still runs, if it would give the agent the same task. Work
that a person stopped, that has other inputs, or that `rebuild: always` asks for begins anew. An attempt that never ran
has no name.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from phaseplan.attempt import start
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.cli.running import leftovers
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.phase.open import open_phase
from tests.build.conftest import Stage, stage

__all__ = ["stage"]
pytestmark = pytest.mark.docker

WORK = "mkdir -p a; echo hello > a/file.txt"
SLOW = f"{WORK}; sleep 600"


def agent(script: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [script], indirect=True, ids=["agent"])


def begin(stage: Stage, claim: str = "run-1/3", **secrets: str) -> str:
    with stage.job(claim, **secrets) as job:
        outcome = step(job)
    assert isinstance(outcome, Running)
    return outcome.container


def ended(stage: Stage, container: str) -> None:
    assert follow(stage.client, container, lambda _: None, 20) is not None


def judged(stage: Stage, claim: str) -> list[tuple[int, str]]:
    with stage.job(claim) as job:
        assert isinstance(step(job), Done | Again)
    return outcomes(stage)


def outcomes(stage: Stage) -> list[tuple[int, str]]:
    return [(v.attempt, v.outcome) for v in stage.snapshot().verdicts.get("7.1.1", ())]


def next_run(stage: Stage, run: str = "run-2", *, swept: bool = True, **how: object) -> None:
    """Another run takes the ledger over, as its `open_phase` does."""
    pinned = stage.snapshot().pinned
    assert pinned
    profiles = how.pop("profiles", pinned.profiles)
    plan = how.pop("plan", pinned.plan)
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(stage.remote, repo, plan, profiles, run_id=run, base_name="main", start="wave", **how)
    if swept:
        with stage.job(f"{run}/3", branch="") as job:
            sweep(job, opening=True)


def test_an_agent_that_ended_while_no_worker_lived_is_judged_and_not_built_again(stage: Stage) -> None:
    container = begin(stage)
    ended(stage, container)
    next_run(stage)
    assert [c.id for c in stage.containers()] == [container], "opening the phase leaves it to its branch"
    assert judged(stage, "run-2/3") == [(1, "passed")]
    snapshot = stage.snapshot()
    verdict = snapshot.verdicts["7.1.1"][0]
    assert (verdict.name, verdict.run, verdict.claim) == ("feature/a", "run-2", "run-2/3")
    assert snapshot.heads["refs/heads/feature/a"] == verdict.commit
    assert list(snapshot.started["7.1.1"]) == [1] and stage.containers() == []
    assert judged(stage, "run-2/3") == [(1, "passed")], "once more changes nothing"


@agent("mkdir -p a; : > a/file.txt; exit 3")
def test_an_agent_that_failed_while_no_worker_lived_has_failed(stage: Stage) -> None:
    ended(stage, begin(stage))
    next_run(stage)
    assert judged(stage, "run-2/3") == [(1, "failed")]
    assert "code 3" in stage.snapshot().verdicts["7.1.1"][0].reason


@agent(SLOW)
def test_a_running_agent_of_a_dead_run_is_followed(stage: Stage) -> None:
    container = begin(stage)
    next_run(stage)
    assert begin(stage, "run-2/3") == container
    assert begin(stage, "run-2/3") == container, "and by a retry too"
    assert list(stage.snapshot().started["7.1.1"]) == [1]


@agent(SLOW)
def test_a_run_that_is_to_build_everything_takes_over_nothing(stage: Stage) -> None:
    container = begin(stage)
    next_run(stage, rebuild="always")
    assert stage.containers() == []
    assert begin(stage, "run-2/3") != container
    assert outcomes(stage) == [(1, "cancelled")]


@agent(SLOW)
def test_another_profile_is_another_task(stage: Stage) -> None:
    begin(stage)
    pinned = stage.snapshot().pinned
    assert pinned
    other = pinned.profiles["sh"].model_copy(update={"command": ("sh", "-c", WORK)})
    next_run(stage, profiles={"sh": other})
    assert stage.containers() == []
    assert outcomes(stage) == [(1, "cancelled")]
    assert stage.snapshot().attempts["7.1.1"], "what it did is kept"


@agent(SLOW)
def test_another_base_is_another_task(stage: Stage) -> None:
    begin(stage)
    with stage.remote.private(state=stage.state) as repo:
        main = stage.token.base
        moved = repo.line("commit-tree", f"{main}^{{tree}}", "-p", f"{main}", "-m", "more")
        repo.run("push", "-q", stage.remote.url, f"{moved}:refs/heads/main")
    next_run(stage)
    assert outcomes(stage) == [(1, "cancelled")]


@agent(f"trap 'exit 0' TERM; {WORK}; while :; do sleep 0.1; done")
def test_an_agent_that_a_person_stopped_is_never_taken_for_done(stage: Stage) -> None:
    run = f"run-{uuid.uuid4().hex}"  # whatever is of this run goes, on the whole engine, also that of other tests
    container = begin(stage, f"{run}/3")
    follow(stage.client, container, lambda _: None, 1.0)
    assert leftovers.clear(settings().docker_url, [run])
    next_run(stage)
    assert outcomes(stage) == [(1, "cancelled")]


@agent(SLOW)
def test_two_that_stop_an_agent_at_once_both_say_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    container, api = begin(stage), stage.client.api
    before = api.inspect_container(container)
    api.rename(container, before["Name"].lstrip("/") + engine.CANCELLED)  # by the other one, after we had looked
    looks = iter([before, before])
    look = type(api).inspect_container
    monkeypatch.setattr(api, "inspect_container", lambda who: next(looks, None) or look(api, who))
    engine.cancel(stage.client, container, grace=0)
    assert engine.look(stage.client, container).cancelled
    next_run(stage)
    assert outcomes(stage) == [(1, "cancelled")]


@agent(SLOW)
def test_a_clear_in_the_same_run_begins_anew(stage: Stage) -> None:
    container = begin(stage, "run-1/3")
    assert begin(stage, "run-1/7") != container
    assert outcomes(stage) == [(1, "cancelled")]


def test_a_kill_between_the_claim_and_the_container_costs_no_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(start, "create_agent", die)
        with pytest.raises(KeyboardInterrupt):
            begin(stage)
    assert list(stage.snapshot().started["7.1.1"]) == [1]
    next_run(stage)
    ended(stage, begin(stage, "run-2/3"))
    judged(stage, "run-2/3")
    assert stage.snapshot().verdicts["7.1.1"][-1].name == "feature/a"
    assert "refs/heads/feature/a" in stage.snapshot().heads


@agent(f'echo "the key is $API_KEY"; {WORK}; exit 75')
def test_a_secret_that_was_changed_meanwhile_is_still_redacted(stage: Stage) -> None:
    pinned = stage.snapshot().pinned
    assert pinned
    profile = pinned.profiles["sh"].model_copy(update={"secrets": {"API_KEY": "some_connection"}})
    next_run(stage, "run-1b", profiles={"sh": profile})
    ended(stage, begin(stage, "run-1b/3", API_KEY="the-old-value"))
    next_run(stage, profiles={"sh": profile}, swept=False)
    with stage.job("run-2/3", API_KEY="the-new-value") as job:
        outcome = step(replace(job))
    assert isinstance(outcome, Done)
    assert "the key is ***" in outcome.verdict.reason
