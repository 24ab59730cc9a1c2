"""`phaseplan up`: run Airflow with its pages over all plans, until Ctrl-C."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.changes import Changes
from phaseplan.cli.local_airflow.home import Home, migrate, prepare
from phaseplan.cli.local_airflow.supervisor import Supervisor
from phaseplan.cli.running.request import absolute
from phaseplan.cli.running.session import interruptible
from phaseplan.config.settings import Settings, last_repository, notifiers_file, settings
from phaseplan.errors import Infrastructure
from phaseplan.repository.logins import keep

HELP = "keep Airflow with its pages running over all plans until Ctrl-C"
READY = 180.0  # seconds until it must be healthy
_PARTS = {"metadatabase", "scheduler", "triggerer", "dag_processor"}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--plans", type=Path, metavar="DIR", help="folder of plan files (default: include/plans)")
    parser.add_argument("--agents", type=Path, metavar="FILE", help="agent profiles (default: include/agents.yaml)")
    parser.add_argument("--repository", metavar="URL", help="the target repository, instead of the plans' own")
    parser.add_argument("--home", type=Path, metavar="DIR", help="Airflow home (default: .phaseplan/up, which stays)")


def run(args: argparse.Namespace) -> int:
    """Start, print the address, watch; Ctrl-C is the ordinary way to end."""
    configured = settings()
    place = args.home or configured.state / "up"
    home = prepare(place, phaseplan=_section(args, configured), live=True, server=configured.database_server)
    changes = _changes(args, configured, home)
    try:
        with interruptible(), Supervisor(home) as supervisor:
            migrate(home, configured.state / "cache")
            supervisor.start()
            _healthy(supervisor, Api(home.address, "admin", home.password))
            _welcome(home)
            while True:
                _mend(supervisor)
                changes.look()
                time.sleep(1)
    except KeyboardInterrupt:
        print("Airflow is stopped. Agents in containers go on; the next `up` finds them again.", flush=True)
    return 0


def _section(args: argparse.Namespace, configured: Settings) -> Mapping[str, str]:
    section = {
        "plans": str((args.plans or configured.plans).resolve()),
        "agents": str((args.agents or configured.agents).resolve()),
        **({"notifiers": str(notifiers.resolve())} if (notifiers := notifiers_file()) else {}),
        "state": str(configured.state.resolve()),
        "docker_url": configured.docker_url,
        **({"engines": str(configured.engines.resolve())} if configured.engines else {}),
        "deferrable": str(configured.deferrable),
        "collector_image": configured.collector_image,
        "gateway_image": configured.gateway_image,
        "schedules": str(configured.schedules),
        "timezone": configured.timezone,
    }
    if configured.start:
        section["start"] = configured.start
    if args.repository:
        section["repository_override"] = keep(absolute(args.repository))
    if repository := args.repository or configured.repository or last_repository():
        section["repository"] = keep(absolute(repository))
    return section


def _changes(args: argparse.Namespace, configured: Settings, home: Home) -> Changes:
    more = (args.agents or configured.agents, notifiers_file(), configured.approvers, configured.engines)
    plans, files = args.plans or configured.plans, [path.resolve() for path in more if path]
    return Changes(home.dags, plans.resolve(), files)


def _healthy(supervisor: Supervisor, api: Api) -> None:
    print("Starting Airflow ...", flush=True)
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        _mend(supervisor)
        health = api.health()
        if all(health.get(part) == "healthy" for part in _PARTS):
            return
        time.sleep(0.3)
    raise Infrastructure(f"Airflow was not healthy within {READY:.0f} s; its logs: {supervisor.home.logs}")


def _mend(supervisor: Supervisor) -> None:
    for restart in supervisor.check():
        print(
            f"{restart.component} had died (exit {restart.exit_code}) and was started again; "
            f"its log: {supervisor.log(restart.component)}",
            flush=True,
        )


def _welcome(home: Home) -> None:
    print(
        f"\nAirflow is up.\n\n  address   {home.address}\n  user      admin\n  password  {home.password}\n"
        f"  logs      {home.logs}\n\nCtrl-C stops it.",
        flush=True,
    )
