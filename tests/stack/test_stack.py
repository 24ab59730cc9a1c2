"""Phase 5 on two Celery workers, of which both die; then Phase 6 in the plain stack, whose scheduler and database do.

One stack for both, over a git host with a password. `make soak` plays the first part with other seeds.
"""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from phaseplan.cli.local_airflow.api import ApiError
from provision.common import TOP
from provision.compose import Project, find
from provision.stack_settings import read
from tests.stack import celery_night
from tests.stack.stack import SECRETS, Stack, command, until
from tests.stack.two_workers import Workers

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(2400)]
SERVICES = {"postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer", "git"}
RUN = "manual__stack"
BUILT = ("6.1.1", "6.2.1")  # of phase 6, one after the other
SEED = 1


@dataclass
class Night:
    """What happened, for the tests to ask about."""

    stack: Stack
    celery: celery_night.Night
    state: str  # how the run of phase 6 ended
    restarted: list[str]
    untouched: bool  # a second `up` in the middle left every service's container as it was


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """One stack, phase 5 and a part of phase 6 in it; everything is gone afterwards."""
    workers = Workers.make(tmp_path_factory.mktemp("stack"))
    stack = workers.stack
    try:
        said = workers.up()
        assert "http://127.0.0.1:" in said and stack.secret("admin_password") not in said
        celery = celery_night.played(workers, SEED)
        workers.leave()
        yield play(stack, celery)
    finally:
        workers.stop()
    left = command("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={stack.name}")
    left += command("docker", "volume", "ls", "-q", "--filter", f"name={stack.name}")
    left += command("docker", "network", "ls", "-q", "--filter", f"name={stack.name}")
    left += command("docker", "images", "-q", "--filter", f"reference=phaseplan/*:{stack.name}")
    assert left == "" and not stack.settings.exists() and not (stack.top / "secrets").exists()


def play(stack: Stack, celery: celery_night.Night) -> Night:
    """Trigger two branches of phase 6; restart the scheduler under one and the database under the other."""
    restarted = []
    api = stack.api()
    until(partial(known, stack), 120, "phase 6 is known")
    api.trigger("phase_06", RUN, {"branches": list(BUILT)})
    for branch, service in zip(BUILT, ("scheduler", "postgres"), strict=True):
        until(partial(stack.agents, 6, branch), 300, f"the agent of {branch} at work")
        command("docker", "restart", stack.containers()[service].id)
        restarted.append(service)
    before = {name: one.id for name, one in stack.containers().items()}
    stack.provision("up")
    untouched = before == {name: one.id for name, one in stack.containers().items()}
    state = until(partial(ended, stack), 600, "phase 6 is at its end")
    restore(stack)
    return Night(stack, celery, state, restarted, untouched)


def restore(stack: Stack) -> None:
    """Put a dump of the database into an empty one, by the commands of docs/stack.md; what follows sees that one."""

    def postgres(*words: str) -> None:
        stack.inside("postgres", words[0], "-U", "postgres", *words[1:])

    postgres("pg_dump", "-Fc", "-f", "/tmp/airflow.dump", "airflow")
    Project(stack.settings, stack.name).run("stop", "api-server", "scheduler", "dag-processor", "triggerer")
    postgres("dropdb", "--force", "airflow")
    postgres("createdb", "-O", "airflow", "airflow")
    postgres("pg_restore", "-d", "airflow", "--exit-on-error", "/tmp/airflow.dump")
    stack.provision("up")


def known(stack: Stack) -> bool:
    """Whether Airflow has read the DAG."""
    try:
        return bool(stack.api().call("GET", "/dags/phase_06"))
    except ApiError:
        return False


def ended(stack: Stack) -> str | None:
    """How the run ended; None: not yet, or the API is not there just now."""
    try:
        state = stack.api().run_state("phase_06", RUN)
    except ApiError:
        return None
    return state if state in ("success", "failed") else None


def test_a_phase_on_celery_outlives_a_worker_and_a_worker_with_its_engine(night: Night) -> None:
    assert night.celery.wrong == [], night.celery
    assert night.celery.followed and night.celery.lost and len(night.celery.attempts) == 10


def test_an_unchanged_night_on_the_other_worker_makes_no_container(night: Night) -> None:
    assert night.celery.unchanged == 0


def test_a_phase_is_built_in_the_scheduler_over_the_wire(night: Night) -> None:
    assert night.restarted == ["scheduler", "postgres"] and night.state == "success"
    ledger = night.stack.ledger(6)
    assert {branch: ledger["branches"][branch]["state"] for branch in BUILT} == dict.fromkeys(BUILT, "integrated")
    assert ledger["run"]["closed"]
    status: dict[str, Any] = json.loads(night.stack.inside("scheduler", "./phaseplan", "status", "5", "--json"))
    assert status["complete"] is True, status["run"]


def test_a_second_up_changes_nothing(night: Night) -> None:
    assert night.untouched


def test_logs_are_served_by_who_wrote_them(night: Night) -> None:
    task = next(t for t in night.stack.api().tasks("phase_06", RUN) if t.task_id.startswith("wave_2.6-2-1"))
    path = f"/dags/phase_06/dagRuns/{RUN}/taskInstances/{task.task_id}/logs/{task.tries}"
    said = json.dumps(night.stack.api().call("GET", path))
    assert "COMPLETED 6.2.1" in said, said[:3000]


def test_a_branch_has_its_page(night: Night) -> None:
    """The API server reads the target itself, with the credentials it was given."""
    address = f"http://127.0.0.1:{read(night.stack.settings)['PHASEPLAN_PORT']}"
    login = json.dumps({"username": "admin", "password": night.stack.secret("admin_password")}).encode()
    asked = urllib.request.Request(f"{address}/auth/token", login, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        token = json.load(answer)["access_token"]
    page = f"{address}/phaseplan/dags/phase_05/tasks/wave_1.5-1-1_synctarget-api"
    with urllib.request.urlopen(urllib.request.Request(page, headers={"Cookie": f"_token={token}"}), timeout=60) as got:
        said = got.read().decode()
    assert "SyncTarget API types" in said and "types_synctarget" in said and night.stack.password not in said


def test_the_engine_is_given_to_two_services_and_nothing_to_the_network(night: Night) -> None:
    seen = {service: night.stack.inspected(service) for service in SERVICES}
    assert set(night.stack.containers()) == SERVICES
    sockets = {s for s, one in seen.items() if any("docker.sock" in m["Source"] for m in one["Mounts"])}
    assert sockets == {"scheduler", "triggerer"}
    bindings = [
        b for one in seen.values() for found in (one["HostConfig"]["PortBindings"] or {}).values() for b in found
    ]
    assert {b["HostIp"] for b in bindings} == {"127.0.0.1"} and len(bindings) == 2, "the API, and the tests' git host"
    for service in SERVICES - {"git"}:
        host = seen[service]["HostConfig"]
        assert host["CapDrop"] == ["ALL"] and host["ReadonlyRootfs"] and not host["Privileged"], service
        assert host["RestartPolicy"]["Name"] == ("no" if service == "init" else "unless-stopped")
        assert seen[service]["Config"]["User"] not in ("", "root", "0"), service
    volumes = [m["Name"] for one in seen.values() for m in one["Mounts"] if m["Type"] == "volume"]
    assert len(volumes) == len(set(volumes)) == 5, "no volume is shared"


def test_no_secret_is_where_it_does_not_belong(night: Night) -> None:
    values = [night.stack.secret(name) for name in SECRETS] + [night.stack.password]
    for service in SERVICES - {"git"}:
        known = json.dumps(night.stack.inspected(service))
        done = subprocess.run(
            ["docker", "logs", night.stack.containers()[service].id], capture_output=True, text=True, check=True
        )
        assert not [n for n, v in enumerate(values) if v in known + done.stdout + done.stderr], service
    image = command("docker", "image", "inspect", f"phaseplan/airflow:{night.stack.name}")
    written = night.stack.inside("scheduler", "sh", "-c", "cat airflow.cfg; find /var/lib/airflow -type f | xargs cat")
    assert not [n for n, v in enumerate(values) if v in image + written]
    modes = {(night.stack.top / "secrets" / name).stat().st_mode & 0o777 for name in SECRETS}
    assert modes == {0o600}


def test_without_secrets_nothing_starts(night: Night) -> None:
    nothing = night.stack.top / "nothing"
    nothing.touch()
    alone = subprocess.run([*find(), "--env-file", str(nothing), "config"], cwd=TOP, capture_output=True, text=True)
    assert alone.returncode != 0 and "run make stack first" in alone.stderr
    for image in ("airflow", "postgres"):
        words = ["docker", "run", "--rm", "--network", "none", f"phaseplan/{image}:{night.stack.name}", "true"]
        bare = subprocess.run(words, capture_output=True, text=True)
        assert bare.returncode == 78 and "is missing or empty" in bare.stderr


def test_each_service_removes_its_old_logs(night: Night) -> None:
    for service in ("api-server", "scheduler", "dag-processor", "triggerer"):
        processes = night.stack.inside(service, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert "sleep 86400" in processes, service
    old = "/var/lib/airflow/logs/dag_id=other/old.log"
    make = f"mkdir -p {old.rpartition('/')[0]} && touch -d '31 days ago' {old} && touch {old}.new"
    night.stack.inside("scheduler", "sh", "-c", f"{make} && remove-old-logs")
    assert night.stack.inside("scheduler", "sh", "-c", f"ls {old}*").split() == [f"{old}.new"]


def test_a_restored_database_has_every_run(night: Night) -> None:
    api = night.stack.api()
    states = {(dag, run): api.run_state(dag, run) for dag, run in (("phase_05", celery_night.RUN), ("phase_06", RUN))}
    assert set(states.values()) == {"success"}, states
