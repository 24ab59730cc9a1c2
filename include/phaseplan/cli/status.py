"""`phaseplan status PHASE`: show where a phase stands, from its refs alone; needs no Airflow."""

from __future__ import annotations

import argparse
from functools import partial

from rich.console import Console

from phaseplan.cli.show import tables
from phaseplan.cli.show.branches import BranchTable
from phaseplan.cli.sources.reading import edition, file_of, look_at, phase_number, repository_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.write import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import PhaseStatus, build_status

HELP = "show where a phase stands"
_TAIL = 10  # lines of status.log


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="the target repository; default: the plan's, the configured one, the last run's",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, version 1")


def run(args: argparse.Namespace) -> int:
    """Print the status; the exit code does not depend on it."""
    configured = settings()
    phase = phase_number(args.phase)
    plan_file = file_of(phase, configured)
    plan = plan_file[1] if plan_file else None
    url = repository_of(args.repository, plan)
    snapshot, warnings = look_at(url, phase, configured.state)
    if snapshot.pinned is None and plan is None:
        raise InputFault(f"{url} has no ledger of phase {phase}, and no plan file here is about it.")
    status = build_status(snapshot, edition(snapshot, url, plan, configured), warnings=warnings)
    if args.json:
        print(status.model_dump_json(indent=2))
    else:
        shown = snapshot.pinned.plan if snapshot.pinned else plan
        assert shown is not None, "there is a status"
        show(tables.console(), status, snapshot, shown)
    return 0


def show(console: Console, status: PhaseStatus, snapshot: Snapshot, plan: PhasePlan) -> None:
    """Print the status for people, by the plan that it was built from."""
    print_line = partial(tables.say, console)
    integrated = sum(branch.state == "integrated" for branch in status.branches.values())
    head = f" at {status.integration[:8]}" if status.integration else ""
    print_line(f"Phase {status.phase} {status.title}: {'complete' if status.complete else 'not complete'}")
    print_line(f"{integrated} of {len(status.branches)} branches integrated{head}; " + _run_line(status))
    for line in tables.delivered(status):
        print_line(line)
    console.print(BranchTable(status))
    figures = [*tables.waves(status), *tables.timing(status, plan), *tables.used(status), *tables.budgets(status)]
    figures += tables.approvals(status)
    for line in [*figures, *tables.early(status), *tables.flaky(status)]:
        print_line(line)
    for title, lines in (
        ("Needs attention", tuple(tables.troubles(status, plan))),
        ("Worth a look", tuple(tables.notes(status))),
        ("Blockers", snapshot.blockers[-_TAIL:]),
        ("status.log", snapshot.status_lines[-_TAIL:]),
    ):
        if lines:
            print_line(f"\n{title}:")
            for line in lines:
                print_line(f"  {line}")


def _run_line(status: PhaseStatus) -> str:
    if status.run is None:
        return "never opened"
    end = f"closed {status.run.closed[:16]}" if status.run.closed else "not closed"
    return f"run {status.run.id}, opened {status.run.opened[:16]}, {end}"
