"""`phaseplan run PLAN...`: an Airflow of its own carries the plans out, then stops."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from phaseplan.cli import tables
from phaseplan.cli.lastrun import remember
from phaseplan.cli.local_airflow.home import Home, prepare
from phaseplan.cli.planning import before
from phaseplan.cli.reading import look_back, repository_of, snapshot_of
from phaseplan.cli.running import ending, homes
from phaseplan.cli.running.request import PhaseRequest, parse_settings, requests
from phaseplan.cli.running.session import carry_out
from phaseplan.cli.running.taken import taken
from phaseplan.config import origins
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import Settings, notifiers_file, settings
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.phase.close import complete
from phaseplan.plan.campaign import Campaign, load_campaign
from phaseplan.plan.model import Start
from phaseplan.report.status import PhaseStatus, build_status

HELP = "carry plans out with an Airflow of its own, then stop it"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "plans", nargs="+", type=Path, metavar="PLAN", help="plan files; a phase waits for those it depends on"
    )
    parser.add_argument("--repository", metavar="URL", help="the target repository, instead of the plans' own")
    parser.add_argument("--agents", type=Path, metavar="FILE", help="agent profiles (default: include/agents.yaml)")
    parser.add_argument("--start", choices=get_args(Start), help="what a branch waits for (default: the plan's)")
    parser.add_argument(
        "--set",
        dest="pairs",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of the run: base, start, branches (separated by commas), agent, rebuild",
    )
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="Airflow home (default: a new one under .phaseplan/run)"
    )
    parser.add_argument("--keep", action="store_true", help="keep Airflow's database, for `phaseplan up --home`")
    parser.epilog = (
        "Exit codes: 0 every phase (or every selected branch) is complete, "
        "1 a plan, branch or gate said no, 2 the system failed."
    )


def run(args: argparse.Namespace) -> int:
    """Lint, run, report."""
    here = settings()
    agents = (args.agents or here.agents).resolve()
    campaign = load_campaign(args.plans, agents, notifiers_file())
    if not _linted(campaign):
        return ending.INPUT
    pairs = [*args.pairs, *([f"start={args.start}"] if args.start else [])]
    conf = parse_settings(pairs, campaign.profiles)
    plans = [(loaded.path.resolve(), loaded.plan) for loaded in campaign.plans]
    wanted = requests(plans, conf, lambda plan: repository_of(args.repository, plan))
    others = _others(wanted, here, agents)
    run_id = homes.new_run_id()
    place = args.home or here.state / "run" / run_id
    homes.tidy(here.state / "run")
    home = _home(place, wanted, others, agents, here)
    _remember(home, wanted, run_id, agents, here.state)
    console = tables.console()
    try:
        states = carry_out(
            home,
            here.state / "cache",
            wanted,
            run_id,
            statuses=lambda request: _status(request, here),
            docker_url=here.docker_url,
            console=console,
        )
    except KeyboardInterrupt:
        print(f"Everything is stopped. What was built is kept; the same command goes on from it. Logs: {home.logs}")
        raise
    if not args.keep:
        homes.drop_database(home.path)
    ends = [_ended(r, run_id, state, here) for r, state in ending.by_phase(wanted, states)]
    ending.report(console, ends, home.path)
    return ending.exit_code(ends)


def _linted(campaign: Campaign) -> bool:
    """Show what lint says; whether the plans can be run."""
    errors = [d for d in campaign.diagnostics if d.severity == "error"]
    if errors:
        from phaseplan.plan.lint.render import text

        print(text(errors), end="", file=sys.stderr)
    return not errors


def _others(wanted: Sequence[PhaseRequest], here: Settings, agents: Path) -> list[Path]:
    """Plan files of phases that the run needs complete but does not run: their sensors look at them.

    :raises InputFault: such a phase is not complete, so the run would wait for a day.
    """
    running = {request.plan.phase for request in wanted}
    found = []
    for request in wanted:
        for phase in set(request.plan.depends_on) - running:
            snapshot = snapshot_of(request.repository, phase, here.state)
            other = before(phase, request.repository, snapshot.pinned, plan_files(request.file.parent), here, agents)
            if other is None or not complete(snapshot, other[1]):
                raise InputFault(
                    f"Phase {request.plan.phase} depends on phase {phase}, which is not complete in "
                    f"{request.repository}. Give the plan of phase {phase} too."
                )
            found.append(other[0])
    return list(dict.fromkeys(found))


def _home(place: Path, wanted: Sequence[PhaseRequest], others: Sequence[Path], agents: Path, here: Settings) -> Home:
    place = place.resolve()
    plans = homes.copy_plans(place, [*(request.file for request in wanted), *others])
    repositories = {request.repository for request in wanted}
    section = {
        "plans": str(plans),
        "agents": str(agents),
        **({"notifiers": str(here.notifiers.resolve())} if here.notifiers else {}),
        "state": str(here.state.resolve()),
        "docker_url": here.docker_url,
        "deferrable": str(here.deferrable),
        "collector_image": here.collector_image,
        "schedules": "false",
    }
    if len(repositories) == 1:
        section["repository"] = section["repository_override"] = repositories.pop()
    return prepare(place, phaseplan=section, parallelism=_parallelism(wanted, here))


def _parallelism(wanted: Sequence[PhaseRequest], here: Settings) -> int:
    """Task processes at once: an agent that is deferred needs none, one that is not needs one all the time."""
    agents = sum(min(r.plan.max_parallel_agents, len(r.plan.by_id)) for r in wanted)
    if here.deferrable:
        return max(2, min(agents, 2 * (os.cpu_count() or 2)))
    return min(agents + len(wanted), 64)


def _remember(home: Home, wanted: Sequence[PhaseRequest], run_id: str, agents: Path, state: Path) -> None:
    content: dict[str, Any] = {
        "version": 1,
        "repository": wanted[0].repository,
        "home": str(home.path),
        "run": run_id,
        "plans": [str(request.file) for request in wanted],
        "agents": str(agents),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    remember(content)
    for request in wanted:
        origins.keep(state, request.repository, request.plan, request.file, agents)


def _status(request: PhaseRequest, here: Settings) -> PhaseStatus | None:
    snapshot = snapshot_of(request.repository, request.plan.phase, here.state)
    return build_status(snapshot, request.plan) if snapshot.ledger else None


def _ended(request: PhaseRequest, run_id: str, state: str, here: Settings) -> ending.Ended:
    """How the run of one phase ended, by what the repository says afterwards."""
    try:
        snapshot = look_back(request.repository, request.plan.phase, here.state)
    except Infrastructure as error:
        print(f"phaseplan: the result cannot be read: {error}", file=sys.stderr)
        return ending.Ended(request, run_id, state, None)
    status = build_status(snapshot, request.plan) if snapshot.ledger else None
    return ending.Ended(request, run_id, state, status, taken(snapshot, run_id))
