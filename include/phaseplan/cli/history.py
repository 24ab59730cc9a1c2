"""`phaseplan history PHASE`: show what each run did about each branch, and flaky branches; needs no Airflow."""

from __future__ import annotations

import argparse
import sys
from typing import Literal

from rich.console import Console

from phaseplan.cli.show import nights, tables
from phaseplan.cli.sources.reading import file_of, look_back, phase_number, repository_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.flaky import Flake, flaky
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import Night, Record, changed
from phaseplan.text.program import PROGRAM

HELP = "show what each run of a phase reused, gated again, rebuilt or isolated, and why"
_WIDE = 120  # columns of a pipe


class PhaseHistory(Record):
    """Hold what `./phaseplan history --json` prints."""

    version: Literal[1] = 1
    phase: int
    nights: tuple[Night, ...]  # oldest first
    flaky: tuple[Flake, ...]


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument("--branch", metavar="ID", help="the story of one branch over all runs")
    parser.add_argument("--last", metavar="N", type=_positive, help="only the newest N runs; default: all")
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="the target repository; default: the plan's, the configured one, the last run's",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, version 1")


def run(args: argparse.Namespace) -> int:
    """Print the history.

    :raises InputFault: the repository has no ledger of that phase, or no run of it knows that branch.
    """
    configured = settings()
    phase = phase_number(args.phase)
    plan_file = file_of(phase, configured)
    url = repository_of(args.repository, plan_file[1] if plan_file else None)
    snapshot = look_back(url, phase, configured.state)
    if isinstance(snapshot.opened, Unopened):
        raise InputFault(f"the target repository has no ledger of phase {phase}: no run has opened it yet.")
    history = history_of(phase, snapshot.nights, branch=args.branch, last=args.last)
    if args.json:
        print(history.model_dump_json(indent=2))
    else:
        last = snapshot.opened.run
        running = last.id if not last.closed else None
        show(_console(), history, branch=args.branch, running=running)
    return 0


def history_of(
    phase: int, nights: tuple[Night, ...], *, branch: str | None = None, last: int | None = None
) -> PhaseHistory:
    """Select the newest runs; flaky branches are computed from all runs.

    :raises InputFault: no run has that branch.
    """
    flakes = flaky(nights)
    if branch is not None:
        branch_ids = sorted({b for night in nights for b in night.deeds})
        if nights and branch not in branch_ids:
            raise InputFault(f"no run of phase {phase} knows a branch {branch}; there are {', '.join(branch_ids)}")
        nights = tuple(changed(night, deeds={branch: night.deeds[branch]}) for night in nights if branch in night.deeds)
        flakes = tuple(flake for flake in flakes if flake.branch == branch)
    return PhaseHistory(phase=phase, nights=nights[-last:] if last else nights, flaky=flakes)


def show(console: Console, history: PhaseHistory, *, branch: str | None, running: str | None) -> None:
    """Print the history for people, newest last."""
    subject = f"branch {branch}" if branch else "every run"
    tables.say(console, f"Phase {history.phase}, {subject}, newest last, times in UTC")
    if not history.nights:
        tables.say(console, "No run has ended yet.")
    elif branch:
        console.print(nights.branch_table(history.nights, branch, console.width))
    else:
        console.print(nights.table(history.nights, console.width))
        nights.details(console, history.nights)
    if running is not None:
        tables.say(console, f"\nRun {running} goes on: {PROGRAM} status {history.phase}")
    if history.flaky:
        tables.say(console, "\nFlaky: another verdict on the same inputs, base and gates")
        for flake in history.flaky:
            tables.say(console, f"  {flake}")


def _console() -> Console:
    return tables.console() if sys.stdout.isatty() else Console(highlight=False, width=_WIDE, color_system=None)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
