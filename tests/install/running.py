"""An Airflow of a team: its own processes, started by Airflow's own commands, with a foreign bundle beside ours."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.port import free_port
from provision.common import TOP
from tests.cron import without_cron
from tests.install.place import environment

_LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
_COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
_THEIRS = {
    "include/__init__.py": "",
    "include/helpers.py": "TEAM = 'team'\n",
    "plugins/team_plugin.py": (
        "from airflow.plugins_manager import AirflowPlugin\n\n\nclass Team(AirflowPlugin):\n    name = 'team'\n"
    ),
    "theirs/team.py": (
        "from airflow.sdk import dag, task\nfrom include.helpers import TEAM\n\n\n@dag(dag_id=f'{TEAM}_dag')\n"
        "def made():\n    @task\n    def says():\n        return TEAM\n\n    says()\n\n\nmade()\n"
    ),
}


class RunningAirflow:
    """One home, in which everything is the team's but what `phaseplan init` has written into a bundle of its own."""

    def __init__(self, python: Path, home: Path) -> None:
        self.python, self.home, self.target = python, home, home / "recipes.git"
        self._processes: list[subprocess.Popen[bytes]] = []
        for name, text in _THEIRS.items():
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_text(text)
        address = f"http://127.0.0.1:{free_port()}"
        (home / "passwords.json").write_text(json.dumps({"admin": "a password of theirs"}))
        bundles = [
            {"name": name, "classpath": _LOCAL, "kwargs": {"path": str(home / path)}}
            for name, path in (("theirs", "theirs"), ("phases", "ours/dags"))
        ]
        self.variables = environment(
            home,
            AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=json.dumps(bundles),
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="admin:admin",
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(home / "passwords.json"),
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"{address}/execution/",
            AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
            AIRFLOW__API__HOST="127.0.0.1",
            AIRFLOW__API__PORT=address.rpartition(":")[2],
            AIRFLOW__API__BASE_URL=address,
            AIRFLOW__API__WORKERS="1",
            AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
            AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(free_port()),
            AIRFLOW__PHASEPLAN__REPOSITORY=str(self.target),
            **{name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ},
        )
        self.api = Api(address, "admin", "a password of theirs")

    def prepare(self) -> None:
        """Make the database, the target, and our bundle."""
        self.run("-m", "airflow", "db", "migrate")
        subprocess.run([sys.executable, str(TOP / "samples/create.py"), "recipes", str(self.target)], check=True)
        self.phaseplan("init", str(self.home / "ours"))
        sample = TOP / "samples/recipes"
        (self.home / "ours/include/plans/phase-01.yaml").write_text(without_cron((sample / "plan.yaml").read_text()))
        shutil.copy(sample / "agents.yaml", self.home / "ours/include/agents.yaml")

    def start(self) -> None:
        """Start every component as the documentation of Airflow says."""
        for name in _COMPONENTS:
            with (self.home / f"{name}.out").open("wb") as out:
                words = [str(self.python), "-m", "airflow", name]
                self._processes.append(
                    subprocess.Popen(
                        words, cwd=self.home, env=self.variables, stdout=out, stderr=out, start_new_session=True
                    )
                )

    def stop(self) -> None:
        """End every process."""
        for sign, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
            for process in self._processes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, sign)
            for process in self._processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience)

    def run(self, *words: str, codes: tuple[int, ...] = (0,), **more: str) -> str:
        """Run a command of that Python, which has to end with one of these exit codes."""
        command, env = [str(self.python), *words], self.variables | more
        done = subprocess.run(command, env=env, cwd=self.home, capture_output=True, text=True)
        assert done.returncode in codes, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def phaseplan(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run our command line there, on the plans of our bundle."""
        include = self.home / "ours/include"
        named = {
            "AIRFLOW__PHASEPLAN__PLANS": f"{include}/plans",
            "AIRFLOW__PHASEPLAN__AGENTS": f"{include}/agents.yaml",
        }
        return self.run("-m", "phaseplan.cli.main", *words, codes=codes, **named)
