"""`phaseplan run PLAN...`: carry the plans out with an Airflow of its own, then stop it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from phaseplan.cli.local_airflow.home import Home, prepare
from phaseplan.cli.running import ending, homes
from phaseplan.cli.running.request import PhaseRequest, parse_settings, requests
from phaseplan.cli.running.session import carry_out
from phaseplan.cli.running.taken import taken
from phaseplan.cli.show import tables
from phaseplan.cli.sources.lastrun import remember
from phaseplan.cli.sources.planning import before
from phaseplan.cli.sources.reading import look_back, repository_of, snapshot_of
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
    """Add the arguments of the verb."""
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
    configured = settings()
    agents = (args.agents or configured.agents).resolve()
    campaign = load_campaign(args.plans, agents, notifiers_file())
    if not _linted(campaign):
        return ending.INPUT
    pairs = [*args.pairs, *([f"start={args.start}"] if args.start else [])]
    conf = parse_settings(pairs, campaign.profiles)
    plans = [(loaded.path.resolve(), loaded.plan) for loaded in campaign.plans]
    wanted = requests(plans, conf, lambda plan: repository_of(args.repository, plan))
    others = _others(wanted, configured, agents)
    run_id = homes.new_run_id()
    place = args.home or configured.state / "run" / run_id
    homes.tidy(configured.state / "run")
    home = _home(place, wanted, others, agents, configured)
    _remember(home, wanted, run_id, agents, configured.state)
    console = tables.console()
    try:
        states = carry_out(
            home,
            configured.state / "cache",
            wanted,
            run_id,
            statuses=lambda request: _status(request, configured),
            docker_url=configured.docker_url,
            console=console,
        )
    except KeyboardInterrupt:
        print(f"Everything is stopped. What was built is kept; the same command goes on from it. Logs: {home.logs}")
        raise
    if not args.keep:
        homes.drop_database(home.path)
    ends = [_ended(r, run_id, state, configured) for r, state in ending.by_phase(wanted, states)]
    ending.report(console, ends, home.path)
    return ending.exit_code(ends)


def _linted(campaign: Campaign) -> bool:
    """Show what lint reports; return whether the plans can be run."""
    errors = [d for d in campaign.diagnostics if d.severity == "error"]
    if errors:
        from phaseplan.plan.lint.render import text

        print(text(errors), end="", file=sys.stderr)
    return not errors


def _others(wanted: Sequence[PhaseRequest], configured: Settings, agents: Path) -> list[Path]:
    """List plan files of phases that the run needs complete but does not run: their sensors look at them.

    :raises InputFault: such a phase is not complete, so the run would wait for a day.
    """
    running = {request.plan.phase for request in wanted}
    found = []
    for request in wanted:
        for phase in set(request.plan.depends_on) - running:
            snapshot = snapshot_of(request.repository, phase, configured.state)
            other = before(
                phase, request.repository, snapshot.pinned, plan_files(request.file.parent), configured, agents
            )
            if other is None or not complete(snapshot, other[1]):
                raise InputFault(
                    f"Phase {request.plan.phase} depends on phase {phase}, which is not complete in "
                    f"{request.repository}. Give the plan of phase {phase} too."
                )
            found.append(other[0])
    return list(dict.fromkeys(found))


def _home(
    place: Path, wanted: Sequence[PhaseRequest], others: Sequence[Path], agents: Path, configured: Settings
) -> Home:
    place = place.resolve()
    plans = homes.copy_plans(place, [*(request.file for request in wanted), *others])
    repositories = {request.repository for request in wanted}
    section = {
        "plans": str(plans),
        "agents": str(agents),
        **({"notifiers": str(configured.notifiers.resolve())} if configured.notifiers else {}),
        "state": str(configured.state.resolve()),
        "docker_url": configured.docker_url,
        **({"engines": str(configured.engines.resolve())} if configured.engines else {}),
        "deferrable": str(configured.deferrable),
        "collector_image": configured.collector_image,
        "gateway_image": configured.gateway_image,
        "schedules": "false",
    }
    if len(repositories) == 1:
        section["repository"] = section["repository_override"] = repositories.pop()
    parallelism = _parallelism(wanted, configured)
    return prepare(place, phaseplan=section, parallelism=parallelism, server=configured.database_server)


def _parallelism(wanted: Sequence[PhaseRequest], configured: Settings) -> int:
    """Return the number of task processes: a deferred agent needs none, any other needs one all the time."""
    agents = sum(min(r.plan.max_parallel_agents, len(r.plan.by_id)) for r in wanted)
    if configured.deferrable:
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


def _status(request: PhaseRequest, configured: Settings) -> PhaseStatus | None:
    snapshot = snapshot_of(request.repository, request.plan.phase, configured.state)
    return build_status(snapshot, request.plan) if snapshot.ledger else None


def _ended(request: PhaseRequest, run_id: str, state: str, configured: Settings) -> ending.Ended:
    """Describe how the run of one phase ended, by what the repository holds afterwards."""
    try:
        snapshot = look_back(request.repository, request.plan.phase, configured.state)
    except Infrastructure as error:
        print(f"phaseplan: the result cannot be read: {error}", file=sys.stderr)
        return ending.Ended(request, run_id, state, None)
    status = build_status(snapshot, request.plan) if snapshot.ledger else None
    return ending.Ended(request, run_id, state, status, taken(snapshot, run_id))
