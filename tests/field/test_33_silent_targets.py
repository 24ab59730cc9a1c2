"""Line 33: a silent target is given up in minutes, with all processes that git has started.

Was: a `pre-receive` hook that hung, or a server that sent a byte now and then, held `open_phase` for an hour without a
message; what a hook had put into the background stayed.
Right: a command that talks to another repository has a limit for silence without progress (`ls-remote` a minute,
`push` five, `fetch` ten) besides the one for the whole; after ten seconds the log names what it waits for, and a retry
continues.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.retrying import RETRIES, ByCause
from phaseplan.phase.open import Seen, take_over
from phaseplan.plan.run_request import RunRequest
from phaseplan.repository import stillness
from phaseplan.repository import time_limits as patience
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.time_limits import GitTooSlow, TargetSilent
from tests.git.lab import Lab, plan_of

SLEEP, LONGER = f"3434.{os.getpid()}", f"3535.{os.getpid()}"  # seconds that no other process sleeps


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    for verb in patience.STILL:
        monkeypatch.setitem(patience.STILL, verb, 2.0)
    yield Lab(tmp_path)
    until = time.monotonic() + 10  # a killed process is gone a moment later
    while running() and time.monotonic() < until:
        time.sleep(0.1)
    assert not running()


def running() -> set[str]:
    """List the living sleep processes of this process's hooks, but not those of other test runs."""
    listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True).stdout
    return {f"sleep {SLEEP}", f"sleep {LONGER}"} & set(listed.splitlines())


def hook(lab: Lab, script: str) -> None:
    file = lab.url / "hooks" / "pre-receive"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


HANG = f"setsid sleep {SLEEP} >/dev/null 2>&1 &\nsleep {LONGER}"


@pytest.mark.parametrize(
    "script", [HANG, "while :; do :; done", f"echo deploying >&2\n{HANG}"], ids=["hangs", "spins", "speaks and hangs"]
)
def test_a_hook_that_hangs_is_given_up_with_all_it_started(lab: Lab, script: str) -> None:
    hook(lab, script)
    begun = time.monotonic()
    with pytest.raises(GitTooSlow, match=r"git push was stopped after 2 s without a word or any progress") as raised:
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])
    assert time.monotonic() - begun < 60
    assert f"a hook of {lab.url} may hang" in str(raised.value) and "Next: push a branch there" in str(raised.value)


def test_open_phase_is_retried_and_says_what_it_waits_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stillness, "SAID_AFTER", 0.5)
    hook(lab, HANG)
    seen, asked = Seen(lab.main, lab.read()), RunRequest(base="main", start="wave")
    with caplog.at_level(logging.WARNING), pytest.raises(AirflowException) as raised, faults():
        take_over(lab.remote, lab.repo, plan_of({"5.1.1": []}), {}, "run-1", asked, seen)
    assert not isinstance(raised.value, AirflowFailException)
    assert ByCause(10).evaluate(raised.value, 1, RETRIES).action is RetryAction.RETRY
    assert [m for m in caplog.messages if f"git push: {lab.url} has said nothing for" in m]


def test_a_hook_that_writes_now_and_then_is_waited_for(lab: Lab) -> None:
    hook(lab, "for i in 1 2 3 4 5; do echo step $i >&2; sleep 1; done")
    assert lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])


def test_a_hook_that_talks_for_ever_meets_the_limit_of_the_whole(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(patience.LIMITS, "push", 3.0)
    hook(lab, "while :; do echo still here >&2; sleep 0.5; done")
    with pytest.raises(GitTooSlow, match=r"git push did not end within 3 s and was stopped: a hook of"):
        lab.remote.push(lab.repo, [Update("refs/heads/x", lab.main, None)])


@pytest.fixture
def trickling() -> Iterator[str]:
    """Serves an advertisement of refs, byte by byte, that never ends."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line = b"f" * 40 + b" refs/heads/main\0agent=x\n"
        while True:
            try:
                client, _ = server.accept()
                for byte in (b"%04x" % (len(line) + 4) + line) * 50:
                    client.sendall(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                if server.fileno() < 0:
                    return

    Thread(target=serve, daemon=True).start()
    yield f"git://127.0.0.1:{server.getsockname()[1]}/x.git"
    server.close()


@pytest.mark.parametrize("verb", ["ls-remote", "fetch"])
def test_a_server_that_sends_next_to_nothing_counts_as_away(lab: Lab, trickling: str, verb: str) -> None:
    remote, begun = Remote(trickling), time.monotonic()
    with pytest.raises(AirflowException, match=f"git {verb} was stopped after 2 s") as raised, faults():
        remote.refs() if verb == "ls-remote" else remote.fetch(lab.repo, "refs/heads/main")
    assert time.monotonic() - begun < 60 and f"the target {trickling}, or the way to it" in str(raised.value)
    assert isinstance(raised.value.__cause__, TargetSilent), "waited for as long as it takes"
    assert ByCause(10).evaluate(raised.value, 9, RETRIES).action is RetryAction.RETRY
