"""A secret as a file reaches its agent, and no disk, description, log or record, also if it is changed meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from phaseplan.airflow.triggers.container import ContainerTrigger
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from tests.build.conftest import Stage, staged

pytestmark = pytest.mark.docker

OLD, NEW = "correct-horse-battery\nstaple of the night", "another-value-0123"
SOURCE = {"connection": "c", "file": "/run/secrets/key"}


@contextmanager
def stage_of(tmp_path: Path, script: str) -> Iterator[Stage]:
    profile = AgentProfile.model_validate(
        {"image": "debian:bookworm-slim", "command": ["sh", "-c", script], "timeout": 60, "secrets": {"KEY": SOURCE}}
    )
    with staged(tmp_path, profile) as stage:
        yield stage


def begin(stage: Stage, value: str = OLD) -> str:
    with stage.job(KEY=value) as job:
        running = step(job)
    assert isinstance(running, Running), running
    return running.container


def end(stage: Stage, value: str = OLD) -> Done | Again:
    with stage.job(KEY=value) as job:
        while isinstance(outcome := step(job), Running):
            follow(stage.client, outcome.container, stage.said.append, 60)
    return outcome


SHOWS = """
mkdir a
stat -c '%a %u:%g %s' "$KEY" && findmnt -n -o FSTYPE /run/secrets 2>/dev/null || grep ' /run/secrets ' /proc/mounts
md5sum < "$KEY" > a/file.txt
if (echo x >/run/secrets/other) 2>/dev/null; then echo a file more; fi
read line && echo "stdin has $line"
grep -l 'hor[s]e' /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null
ls -l /proc/1/fd/0 2>&1 | grep -o denied
cat /phaseplan/given 2>&1 | grep -o denied
"""


def test_the_agent_reads_it_and_nothing_else_has_it(tmp_path: Path) -> None:
    with stage_of(tmp_path, SHOWS + "sleep 3") as stage:
        container = begin(stage)
        lines: list[str] = []
        assert follow(stage.client, container, lines.append, 60)
        said = "\n".join(lines)
        assert f"400 1000:1000 {len(OLD)}" in lines, said
        assert "tmpfs" in said and "a file more" not in said and "stdin has" not in said and "/proc/" not in said
        assert lines.count("denied") == 2, said
        shown = json.dumps(stage.client.api.inspect_container(container))
        assert "horse" not in shown and "KEY=/run/secrets/key" in shown
        for name, data in files_of(stage, container):
            assert OLD.splitlines()[0].encode() not in data, name
        done = end(stage)
        assert isinstance(done, Done) and done.verdict.outcome == "passed"
        assert "horse" not in "\n".join(stage.said)


def files_of(stage: Stage, container: str) -> Iterator[tuple[str, bytes]]:
    """What the engine keeps of a container: its file system, its log, its workspace."""
    exported = io.BytesIO(b"".join(stage.client.api.export(container)))
    workspace, _ = stage.client.api.get_archive(container, "/workspace")
    for archive in (exported, io.BytesIO(b"".join(workspace))):
        with tarfile.open(fileobj=archive) as tar:
            for member in tar:
                if member.isreg() and (file := tar.extractfile(member)):
                    yield member.name, file.read()
    yield "log", stage.client.api.logs(container)


PRINTS = 'mkdir a; head -1 "$KEY"; base64 -w0 "$KEY"; echo; sleep 2; echo x > a/file.txt; cat "$KEY"; exit 3'


def test_a_value_that_was_changed_meanwhile_is_hidden_by_every_reader(tmp_path: Path) -> None:
    with stage_of(tmp_path, PRINTS) as stage:
        container = begin(stage)
        trigger = ContainerTrigger(
            docker_url=settings().docker_url, container_id=container, phase=7, branch="7.1.1", repository=None,
            deadline=2e9, secrets=(("KEY", "c password /run/secrets/key"),),
        )  # fmt: skip

        async def changed_since() -> list[str]:
            return [NEW]

        async def event() -> None:
            async for _ in trigger.run():
                pass

        with pytest.MonkeyPatch.context() as patch, capture_logs() as logged:
            patch.setattr(trigger, "_passwords", changed_since)
            patch.setenv("AIRFLOW__PHASEPLAN__STATE", str(stage.state))
            asyncio.run(event())
        told = "\n".join(str(entry["event"]) for entry in logged)
        assert told.count("***") >= 3 and "horse" not in told and "staple" not in told
        outcome = end(stage, NEW)
        assert not isinstance(outcome, Running)
        text = outcome.verdict.model_dump_json() + "\n".join(stage.said)
        assert "***" in text and "horse" not in text and "staple" not in text


COMMITS = 'mkdir a; head -1 "$KEY" > a/file.txt'


def test_work_that_holds_a_value_that_was_changed_meanwhile_is_pushed_nowhere(tmp_path: Path) -> None:
    with stage_of(tmp_path, COMMITS) as stage:
        follow(stage.client, begin(stage), lambda _: None, 60)
        outcome = end(stage, NEW)
        assert [f.gate for f in outcome.verdict.findings if f.gate == "secrets"]
        objects = ["git", "-C", stage.remote.url, "cat-file", "--batch-all-objects", "--batch"]
        assert b"horse" not in subprocess.run(objects, check=True, capture_output=True).stdout


def test_a_worker_that_dies_before_the_secret_is_handed_over_leaves_no_agent_that_waits(tmp_path: Path) -> None:
    with stage_of(tmp_path, COMMITS) as stage, stage.job(KEY=OLD) as job:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("phaseplan.containers.given_secrets._lines", lambda _: b"key ")  # half of what it has to say
            running = step(job)
        assert isinstance(running, Running)
        ended = follow(stage.client, running.container, lambda _: None, 20)
        assert ended is not None
        found = engine.look(stage.client, running.container)
        assert found.stopped, "as one that the engine has lost: no fault of the branch"
