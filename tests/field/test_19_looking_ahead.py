"""Line 19: a fault that would stop a run later is reported before any agent starts, in one sentence, and not retried.

Was: a branch `feature` beside the plan's `feature/x`, a shallow or sha256 repository as target, a missing image, an
image without the command, an engine that refuses the user, integration checked out in the target: agents ran first, or
each task was retried with a message that missed the cause; once a phase was "complete" without its names.
Right: `open_phase` checks names, target, push and engine first. A fault that no retry can mend ends the run at once;
an engine or a repository that does not answer is waited for, up to an hour. The task instance shows the reason.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.retrying import FEW, RETRIES, ByCause
from phaseplan.cli.running.logs import last_error
from phaseplan.containers.engine_errors import EngineForbidden, EngineUnreachable, engine_errors
from phaseplan.containers.labels import filters
from phaseplan.errors import Infrastructure
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import refs
from phaseplan.ledger.records import Token
from phaseplan.merging.base import find_base
from phaseplan.repository.refusals import NameClash, RepositoryUnreachable
from phaseplan.repository.remote import BaseMissing, Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.field.opening_place import Place
from tests.git.lab import PHASE, plan_of


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    made = Place(tmp_path, monkeypatch)
    yield made
    leftovers = docker.from_env().api.containers(
        all=True, filters={"label": filters(ledger="preflight", claim=made.agent)}
    )
    assert leftovers == []


@pytest.mark.docker
def test_a_phase_with_nothing_in_its_way_is_opened_and_no_probe_stays(place: Place) -> None:
    assert place.open()["return_value"]["run"] == "run-1"
    assert set(place.lab.refs()) == {"refs/heads/main", refs.ledger(PHASE)}


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        ("feature", "feature/x"),
        ("feature/x/deep", "feature/x"),
        ("feature/x-v2/deep", "feature/x-v2"),
        ("other/thing", "other"),
        ("integration", "integration/phase-5"),
        ("integration/phase-5/old", "integration/phase-5"),
    ],
)
def test_a_branch_in_the_way_is_named_first(place: Place, there: str, ours: str) -> None:
    place.lab.push(f"refs/heads/{there}", place.lab.main)
    said = place.refused(f"`{there}` is in the way of `{ours}`")
    assert f"rename or delete `{there}` in {place.lab.url}" in said


def test_a_case_insensitive_disk_is_checked_as_such(place: Place) -> None:
    place.lab.target.run("config", "core.ignorecase", "true")
    place.lab.push("refs/heads/Feature", place.lab.main)
    place.refused("`Feature` is in the way of `feature/x`")


def test_integration_checked_out_in_the_target_is_named(place: Place) -> None:
    tree = place.folder / "tree"
    subprocess.run(["git", "clone", "-q", str(place.lab.url), str(tree)], check=True)
    subprocess.run(["git", "-C", str(tree), "checkout", "-q", "-b", "integration/phase-5"], check=True)
    place.at(str(tree))
    assert "git switch main" in place.refused("integration/phase-5 is checked out in the target")


def test_a_shallow_clone_is_named(place: Place) -> None:
    later = place.lab.repo.line("commit-tree", f"{place.lab.main}^{{tree}}", "-p", place.lab.main, "-m", "more")
    place.lab.push("refs/heads/main", later)
    shallow = place.folder / "shallow"
    subprocess.run(["git", "clone", "-q", "--bare", "--depth=1", f"file://{place.lab.url}", str(shallow)], check=True)
    place.at(str(shallow))
    assert "fetch --unshallow" in place.refused("is a shallow clone")
    place.at(f"file://{shallow}")
    place.refused("is a shallow clone")


def test_a_repository_of_sha256_is_named(place: Place) -> None:
    other = place.folder / "sha256"
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(other)], check=True)
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "-C", str(other), *who, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    place.at(str(other))
    place.refused("stores sha256 object ids")


def test_a_target_that_is_no_repository_is_named(place: Place) -> None:
    place.at(str(place.folder / "nothing.git"))
    place.refused("cannot be read", "it is no git repository")


def test_a_target_that_refuses_integration_is_reported_first(place: Place) -> None:
    hook = place.lab.url / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in *integration/*) echo only bots may merge; exit 1;; esac\n')
    hook.chmod(0o755)
    assert place.refused("only bots may merge").startswith("only bots may merge")


@pytest.mark.docker
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("image", "phaseplan-test/none:1", "image phaseplan-test/none:1 is not on the Docker engine"),
        ("command", ["claude", "-p"], "has no program `claude`"),
        ("command", ["/opt/agent/run"], "has no program `/opt/agent/run`"),
        ("command", ["/etc/passwd"], "has no program `/etc/passwd`"),
        ("cpus", 100_000, "the Docker engine refused: Range of CPUs"),
        ("network", "phaseplan-test-none", "has no network phaseplan-test-none"),
    ],
)
def test_a_profile_that_no_container_can_be_made_of_is_named(place: Place, key: str, value: Any, words: str) -> None:
    place.profile[key] = value
    place.refused("agent profile worker", words)


@pytest.mark.docker
def test_the_profile_of_the_gates_and_the_collector_are_looked_at_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__COLLECTOR_IMAGE", "phaseplan-test/collector:none")
    place.refused("image phaseplan-test/collector:none is not on the Docker engine")


def test_an_unreachable_engine_is_waited_for_and_a_forbidden_one_is_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__DOCKER_URL", f"unix://{place.folder}/no.sock")
    begun = time.monotonic()
    with pytest.raises(AirflowException, match="the Docker engine does not answer: start it") as raised:
        place.open()
    assert not isinstance(raised.value, AirflowFailException) and time.monotonic() - begun < 60
    decision = ByCause(10).evaluate(raised.value, try_number=9, max_tries=RETRIES)
    assert decision.action is RetryAction.RETRY and "the Docker engine does not answer" in str(decision.reason)
    assert decision.retry_delay == timedelta(minutes=10)
    with pytest.raises(EngineForbidden, match="does not let this user in"), engine_errors():
        raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    "message",
    [
        'connection error: desc = "transport: Error while dialing dial unix /run/x/containerd.sock: connect: refused"',
        "transport is closing: unavailable",
        "rpc error: code = Unavailable desc = connection closed before server preface received",
    ],
)
def test_an_engine_whose_containerd_is_away_is_waited_for(message: str) -> None:
    response = requests.Response()
    response.status_code = 500
    with pytest.raises(EngineUnreachable, match="its containerd does not: wait for it"), engine_errors():
        raise docker.errors.APIError(message, response, message)


def caused(cause: Infrastructure) -> AirflowException:
    with pytest.raises(AirflowException) as raised, faults():
        raise cause
    return raised.value


def test_how_long_a_task_waits_follows_from_what_is_missing() -> None:
    policy, unknown = ByCause(10), caused(Infrastructure("odd"))
    for away in (EngineUnreachable("away"), RepositoryUnreachable("away")):
        waits = [policy.evaluate(caused(away), n, RETRIES) for n in range(1, RETRIES + 1)]
        assert {w.action for w in waits} == {RetryAction.RETRY}
        assert sum((w.retry_delay or timedelta() for w in waits), timedelta()) > timedelta(hours=1)
    tries = [policy.evaluate(unknown, n, RETRIES).action for n in range(1, FEW + 2)]
    assert tries == [RetryAction.RETRY] * FEW + [RetryAction.FAIL]
    cleared = policy.evaluate(unknown, 6, 5 + RETRIES)  # the fifth try was the last before a Clear
    assert (cleared.action, cleared.retry_delay) == (RetryAction.RETRY, timedelta(seconds=10))


def test_a_name_that_clashes_only_later_ends_its_branch_and_the_phase_is_not_complete(place: Place) -> None:
    lab = place.lab
    token = lab.open(plan_of({"5.1.1": [], "5.1.2": []}))
    lab.push("refs/heads/feature", lab.main)
    begun = time.monotonic()
    with pytest.raises(NameClash, match=r"has a branch `feature`, and git cannot store `feature/b5.1.1` beside it"):
        lab.build(token, "5.1.1", {"one.txt": "x\n"})
    assert time.monotonic() - begun < 60
    with pytest.raises(NameClash):
        lab.build(token, "5.1.2", {"two.txt": "x\n"})
    lab.integrate(token, 1)
    ended = lab.close(token)
    assert not ended.complete and not ended.ok
    assert "without its public name feature/b5.1.1: the target's branch feature is in the way" in ended.message
    lab.push("refs/heads/feature", None)
    assert lab.close(token).complete and "refs/heads/feature/b5.1.1" in lab.refs()


def test_git_itself_finding_the_clash_says_the_same(place: Place) -> None:
    place.lab.push("refs/heads/feature", place.lab.main)
    with pytest.raises(NameClash, match="rename or delete `feature`"):
        place.lab.remote.push(place.lab.repo, [Update("refs/heads/feature/x", place.lab.main, None)])


def test_a_name_that_is_never_taken_does_not_keep_a_worker_busy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = place.lab
    token = lab.open(plan_of({"5.1.1": []}))
    real = lab.remote.push
    names = "refs/heads/feature/"
    monkeypatch.setattr(
        lab.remote, "push", lambda repo, moves: not any(m.ref.startswith(names) for m in moves) and real(repo, moves)
    )
    monkeypatch.setattr(results, "pause", lambda _: None)
    with pytest.raises(Infrastructure, match=r"does not take refs/heads/feature/b5.1.1"):
        lab.build(token, "5.1.1", {"one.txt": "x\n"})


def test_a_run_shows_our_words_and_not_the_exception_they_came_from(tmp_path: Path) -> None:
    folder = tmp_path / "dag_id=phase_05" / "run_id=r" / "task_id=open_phase"
    folder.mkdir(parents=True)
    chain = [{"exc_type": "AirflowFailException", "exc_value": "image x is not on the Docker engine: pull it"}]
    chain.append({"exc_type": "HTTPError", "exc_value": "404 Client Error"})
    line = {"level": "error", "event": "Task failed with exception", "error_detail": chain}
    (folder / "attempt=1.log").write_text(json.dumps(line) + "\n")
    assert last_error(tmp_path, "phase_05", "r", "open_phase").startswith("image x is not on the Docker engine")


@pytest.mark.docker
def test_a_target_without_deletion_keeps_integration_at_the_base_and_the_phase_continues(place: Place) -> None:
    lab = place.lab
    lab.target.run("config", "receive.denyDeletes", "true")
    token = Token.model_validate(place.open()["return_value"])
    assert lab.refs()[refs.integration(PHASE)] == lab.main
    for branch in ("5.1.1", "5.1.2"):
        lab.build(token, branch, {f"{branch}/a": "x\n"})
    assert lab.integrate(token, 1).merged == ("5.1.1", "5.1.2") and lab.close(token).complete


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[core\n", "a git configuration has a mistake in it"),
        ("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tnosuch = 1\n", "what this git does not know"),
        (None, "it is a file, and no git repository"),
    ],
)
def test_a_target_that_is_no_repository_is_not_waited_for(tmp_path: Path, config: str | None, words: str) -> None:
    target = tmp_path / "target.git"
    if config is None:
        target.write_text("no repository")
    else:
        GitRepo.init(target)
        (target / "config").write_text(config)
    with pytest.raises(AirflowFailException, match=words), faults():
        Remote(str(target)).refs()


def test_a_target_without_a_commit_asks_for_one(tmp_path: Path) -> None:
    GitRepo.init(tmp_path / "target.git")
    remote = Remote(str(tmp_path / "target.git"))
    with remote.private(state=tmp_path / "state") as repo, pytest.raises(BaseMissing, match="push a first commit"):
        find_base(remote, repo, "main")
