"""What docker-compose.celery.yaml asks of a machine, as compose reads it: nothing is started."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.common import TOP
from provision.compose import find
from provision.stack import CELERY
from provision.stack_settings import SECRETS


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The services of the stack with Celery workers."""
    settings = tmp_path_factory.mktemp("celery") / "settings"
    lines = [f"PHASEPLAN_{name}_IMAGE={name.lower()}" for name in ("AIRFLOW", "POSTGRES", "BROKER")]
    lines += [f"PHASEPLAN_{name}=3" for name in ("PORT", "DOCKER_GROUP", "WORKERS")]
    lines += [f"PHASEPLAN_{name}=/x" for name in ("SECRETS", "PLANS", "DOCKER_SOCKET")]
    settings.write_text("\n".join(lines) + "\n")
    command = [*find(), "--env-file", str(settings), "-f", "docker-compose.yaml", "-f", CELERY, "config"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout)["services"])


def sources(service: dict[str, Any]) -> dict[str, str]:
    """Folder or volume by the place where a service has it; a volume without a name is its own."""
    found = {}
    for mount in service.get("volumes", ()):
        if isinstance(mount, dict):
            found[mount["target"]] = mount.get("source") or ""
        else:
            parts = mount.split(":")
            found[parts[1] if len(parts) > 1 else parts[0]] = parts[0] if len(parts) > 1 else ""
    return found


def secrets(service: dict[str, Any]) -> set[str]:
    return {one["source"] if isinstance(one, dict) else one for one in service.get("secrets", ())}


def test_tasks_run_in_workers_alone(services: dict[str, Any]) -> None:
    executors = {name: one.get("environment", {}).get("AIRFLOW__CORE__EXECUTOR") for name, one in services.items()
                 if one["image"] == services["worker"]["image"]}  # fmt: skip
    assert executors.pop("init") is None, "it migrates the database, and runs nothing"
    assert set(executors.values()) == {"CeleryExecutor"}
    lazy = {services[name]["environment"]["AIRFLOW__CORE__LAZY_LOAD_PLUGINS"] for name in executors}
    assert lazy == {"False"}, "or each task loads Phaseplan anew; the others say the same, for doctor looks there"
    assert services["worker"].get("scale") == 3, "as many as .env says"
    assert sources(services["worker"])["/var/run/docker.sock"] == "/x"
    assert sources(services["scheduler"])["/var/run/docker.sock"] == "/dev/null"
    assert sources(services["triggerer"])["/var/run/docker.sock"] == "/x"


def test_a_worker_shares_no_volume_and_knows_no_password_of_the_database(services: dict[str, Any]) -> None:
    worker = services["worker"]
    mounted = sources(worker)
    assert set(mounted) == {"/var/lib/airflow", "/var/run/docker.sock", "/opt/phaseplan/include/plans"}
    assert mounted["/var/lib/airflow"] == "", "each replica has one of its own"
    assert secrets(worker) == {"fernet_key", "api_secret", "broker_password", "git_credentials", "git_ssh_key",
                               "git_known_hosts"}  # fmt: skip
    assert set(worker["environment"]["PHASEPLAN_NEEDS"].split()) <= secrets(worker)
    assert "hostname" not in worker, "or all replicas would serve their logs under one name"


def test_the_queue_is_for_the_stack_alone_and_its_password_for_two_services(services: dict[str, Any]) -> None:
    assert "broker_password" in SECRETS
    assert {name for name, one in services.items() if "broker_password" in secrets(one)} == {
        "broker", "scheduler", "worker"
    }  # fmt: skip
    for name in ("broker", "worker"):
        one = services[name]
        assert one["cap_drop"] == ["ALL"] and one["read_only"] and not one.get("ports"), name
    assert (TOP / "images/broker/entrypoint").stat().st_mode & 0o111
    assert "requirepass $(cat" in Path(TOP / "images/broker/entrypoint").read_text()
