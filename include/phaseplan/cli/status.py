"""`phaseplan status PHASE`: where a phase stands, from its refs alone; needs no Airflow."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console

from include.phaseplan.cli import tables
from include.phaseplan.cli.lastrun import last_run
from include.phaseplan.cli.reading import phase_number, plan_of, snapshot_of
from include.phaseplan.cli.running.request import absolute
from include.phaseplan.errors import InputFault
from include.phaseplan.plan.model import PhasePlan
from include.phaseplan.runtime.ledger import Snapshot
from include.phaseplan.runtime.settings import Settings, settings
from include.phaseplan.runtime.status import PhaseStatus, build_status

HELP = "show where a phase stands"
_TAIL = 10  # lines of status.log


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="the target repository; default: the plan's, the configured one, the last run's",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, version 1")


def run(args: argparse.Namespace) -> int:
    """Print the status; asking is always fine, so the exit code does not depend on the answer."""
    here = settings()
    phase = phase_number(args.phase)
    plan = _plan(phase, here)
    url = args.repository or (plan.repository if plan else None) or here.repository
    if not url:
        raise InputFault(
            "No target repository is named. Give --repository URL, set `repository:` in the plan, or "
            "AIRFLOW__PHASEPLAN__REPOSITORY."
        )
    snapshot = snapshot_of(absolute(url), phase, here.state)
    if snapshot.pinned is None and plan is None:
        raise InputFault(f"{url} has no ledger of phase {phase}, and no plan file here is about it.")
    status = build_status(snapshot, plan)
    if args.json:
        print(status.model_dump_json(indent=2))
    else:
        show(tables.console(), status, snapshot)
    return 0


def _plan(phase: int, here: Settings) -> PhasePlan | None:
    """The plan file of a phase: one that the last run was given, or one of the campaign's."""
    files = [file for file in map(Path, last_run().get("plans", ())) if file.is_file()]
    found = plan_of(phase, [*files, *sorted(here.plans.glob("*.yaml"))], here.agents)
    return found[1] if found else None


def show(console: Console, status: PhaseStatus, snapshot: Snapshot) -> None:
    """The status for people."""
    say = partial(tables.say, console)
    integrated = sum(branch.state == "integrated" for branch in status.branches.values())
    head = f" at {status.integration[:8]}" if status.integration else ""
    say(f"Phase {status.phase} {status.title}: {'complete' if status.complete else 'not complete'}")
    say(f"{integrated} of {len(status.branches)} branches integrated{head}; " + _run_line(status))
    console.print(tables.branch_table(status))
    for line in [*tables.waves(status), *tables.timing(status)]:
        say(line)
    for title, lines in (
        ("Needs attention", tuple(tables.troubles(status))),
        ("Blockers", snapshot.blockers[-_TAIL:]),
        ("status.log", snapshot.status_lines[-_TAIL:]),
    ):
        if lines:
            say(f"\n{title}:")
            for line in lines:
                say(f"  {line}")


def _run_line(status: PhaseStatus) -> str:
    if status.run is None:
        return "never opened"
    end = f"closed {status.run.closed[:16]}" if status.run.closed else "not closed"
    return f"run {status.run.id}, opened {status.run.opened[:16]}, {end}"
