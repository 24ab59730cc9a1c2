"""The stack of one session of tests: brought up, asked, restarted, torn down."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phaseplan.cli.local_airflow.api import Api
from provision.common import TOP
from provision.compose import Container, Project
from provision.stack_settings import owner, read
from tests.cron import without_cron

FILES = ("docker-compose.yaml", "tests/stack/git.yaml")
SECRETS = ("fernet_key", "jwt_secret", "api_secret", "database_password", "admin_password")


def command(*words: str, **env: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd=TOP, env={**os.environ, **env})
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def until(what: Callable[[], Any], seconds: float, why: str) -> Any:
    """Ask until the answer is true."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {why}"
        time.sleep(0.5)
    return answer


def _plans(folder: Path) -> None:
    """Copy the sample plans, for services whose user is another."""
    folder.mkdir(mode=0o755)
    for file in sorted((TOP / "include/plans").glob("*.yaml")):
        (folder / file.name).write_text(without_cron(file.read_text()))
        (folder / file.name).chmod(0o644)


@dataclass(frozen=True)
class Stack:
    """A stack with a name of its own, and the git host beside it."""

    top: Path
    name: str
    password: str  # of the git host

    @classmethod
    def make(cls, top: Path, *files: str) -> Stack:
        """Settings, credentials and a target repository; nothing runs yet.

        :param files: of compose, on top of the stack's own.
        """
        stack = cls(top, f"phaseplan-test-{secrets.token_hex(4)}", secrets.token_urlsafe(12))
        (top / "git").mkdir()
        (top / "secrets").mkdir()
        _plans(top / "plans")
        command(sys.executable, "samples/create.py", "kcp-lite", str(top / "git/kcp-lite.git"))
        (top / "secrets/git_credentials").write_text(f"http://phaseplan:{stack.password}@git:8000\n")
        stack.settings.write_text(
            f"COMPOSE_PROJECT_NAME={stack.name}\nCOMPOSE_FILE={':'.join((*FILES, *files))}\n"
            f"PHASEPLAN_SECRETS={top / 'secrets'}\nPHASEPLAN_PLANS={top / 'plans'}\nPHASEPLAN_REPOSITORY=http://git:8000/kcp-lite.git\n"
            f"PHASEPLAN_AIRFLOW_IMAGE=phaseplan/airflow:{stack.name}\n"
            f"PHASEPLAN_POSTGRES_IMAGE=phaseplan/postgres:{stack.name}\n"
            f"PHASEPLAN_BROKER_IMAGE=phaseplan/broker:{stack.name}\n"
            f"PHASEPLAN_TEST_PASSWORD={stack.password}\nPHASEPLAN_TEST_GIT={top / 'git'}\n"
        )
        if os.geteuid() == 0:
            command("chown", "-R", str(owner()), str(top / "git"))
        return stack

    @property
    def settings(self) -> Path:
        """Its `.env`."""
        return self.top / "settings"

    def provision(self, *words: str) -> str:
        """`python3 -m provision.stack` on it, as `make stack` says."""
        return command(sys.executable, "-m", "provision.stack", "--settings", str(self.settings), *words)

    def containers(self) -> dict[str, Container]:
        """What runs of it, by service."""
        return {one.service: one for one in Project(self.settings, self.name).containers()}

    def inspected(self, service: str) -> dict[str, Any]:
        """All the engine knows of a service's container."""
        return dict(json.loads(command("docker", "inspect", self.containers()[service].id))[0])

    def inside(self, service: str, *words: str) -> str:
        """A command in a service's container."""
        return command("docker", "exec", self.containers()[service].id, *words)

    def secret(self, name: str) -> str:
        """A generated secret."""
        return (self.top / "secrets" / name).read_text()

    def api(self) -> Api:
        """Airflow's, with the generated password."""
        return Api(f"http://127.0.0.1:{read(self.settings)['PHASEPLAN_PORT']}", "admin", self.secret("admin_password"))

    def git(self, *words: str) -> str:
        """git in a clone of the target, fetched over the wire now."""
        clone = self.top / "clone"
        if not clone.exists():
            command("git", "init", "-q", "--bare", str(clone))
        address = command("docker", "port", self.containers()["git"].id, "8000").strip()
        url = f"http://phaseplan:{self.password}@{address}/kcp-lite.git"
        fetch = ("fetch", "-q", "--prune", url, "+refs/*:refs/*")
        command("git", "-C", str(clone), *fetch, GIT_TERMINAL_PROMPT="0", no_proxy="127.0.0.1")
        return command("git", "-C", str(clone), *words)

    def ledger(self, phase: int = 5) -> dict[str, Any]:
        """The ledger of a phase, empty before it is opened."""
        ref = f"refs/phaseplan/phase-{phase}/ledger"
        if ref not in self.git("for-each-ref", "--format=%(refname)").split():
            return {}
        return dict(json.loads(self.git("show", f"{ref}:ledger.json")))

    def agents(self, phase: int, *branches: str) -> list[str]:
        """Ids of agents' containers of some branches that run now on the machine's engine."""
        labels = (f"phaseplan.ledger={self.ledger(phase).get('id')}", "phaseplan.role=agent")
        words = [word for label in labels for word in ("--filter", f"label={label}")]
        said = command("docker", "ps", *words, "--format", '{{.Label "phaseplan.branch"}} {{.ID}}')
        return [line.split()[1] for line in said.splitlines() if line.split()[0] in branches]
