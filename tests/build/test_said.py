"""What an agent said is kept in the target with its work: in the same push, without secrets, never instead of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers.log_following import follow
from phaseplan.containers.transcript import PLACE
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.transcripts import EVENTS, TEXT, Kept, fetched, listed
from phaseplan.plan.agents import AgentProfile
from tests.build.conftest import Stage, staged

pytestmark = pytest.mark.docker

SECRET = "hunter2-of-this-test"
SAY = f'mkdir -p a {PLACE}; echo "I know $KEY"; echo "{{\\"key\\": \\"$KEY\\"}}" | gzip > {PLACE}/new.gz; '
WORK = SAY + "echo hello > a/file.txt"
HOOK = '#!/bin/sh\ncase "$1" in refs/phaseplan/transcripts/*) echo no words here >&2; exit 1;; esac\n'


def profile(script: str, **keys: object) -> AgentProfile:
    given = {"image": "debian:bookworm-slim", "command": ["sh", "-c", script], "timeout": 60, "transcript": True}
    return AgentProfile.model_validate({**given, "secrets": {"KEY": "my_connection"}, **keys})


def carry(stage: Stage) -> Verdict:
    """Play the branch's task to its end."""
    for _ in range(20):
        with stage.job(KEY=SECRET) as job:
            outcome = step(job)
        if isinstance(outcome, Done):
            return outcome.verdict
        if isinstance(outcome, Running):
            follow(stage.client, outcome.container, lambda _: None, 60)
    pytest.fail("it does not come to an end")


def texts(stage: Stage) -> dict[str, bytes | None]:
    """The files that the target keeps of attempt 1; none of them: no transcript."""
    ref = "refs/phaseplan/transcripts/phase-7/7.1.1/1"
    with stage.remote.private(state=stage.state) as repo:
        sha = listed(stage.remote, repo, 7).get("7.1.1", {}).get(1)
        return {name: fetched(stage.remote, repo, ref, sha, name) for name in (TEXT, EVENTS)} if sha else {}


def test_log_and_raw_events_are_kept_without_secrets(tmp_path: Path) -> None:
    with staged(tmp_path, profile(WORK)) as stage:
        verdict = carry(stage)
        assert verdict.outcome == "passed" and verdict.transcript == Kept(lines=1, events=1)
        assert stage.snapshot().verdicts["7.1.1"][0].transcript == verdict.transcript
        assert texts(stage) == {TEXT: b"I know ***\n", EVENTS: b'{"key": "***"}\n'}
        assert "What the agent said: `phaseplan transcript 7 7.1.1 --attempt 1`." in stage.said


def test_a_failed_attempt_keeps_it_too(tmp_path: Path) -> None:
    with staged(tmp_path, profile(SAY + "exit 3")) as stage:
        for _ in range(2):  # the last of two attempts
            carry(stage)
        assert texts(stage)[TEXT] == b"I know ***\n"


def test_a_target_that_refuses_it_takes_the_work_all_the_same(tmp_path: Path) -> None:
    with staged(tmp_path, profile(WORK)) as stage:
        hook = tmp_path / "target.git/hooks/update"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        verdict = carry(stage)
        assert verdict.outcome == "passed" and verdict.transcript is None and texts(stage) == {}
        assert any("the target will not have it: no words here" in line for line in stage.said), stage.said


def test_beside_work_that_holds_a_secret_nothing_is_kept(tmp_path: Path) -> None:
    with staged(tmp_path, profile(WORK + '; echo "$KEY" > a/key')) as stage:
        assert carry(stage).transcript is None and texts(stage) == {}


def test_a_profile_that_does_not_ask_for_it_keeps_nothing(tmp_path: Path) -> None:
    with staged(tmp_path, profile(WORK, transcript=False)) as stage:
        assert carry(stage).transcript is None and texts(stage) == {}
