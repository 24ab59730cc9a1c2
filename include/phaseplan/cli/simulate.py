"""`phaseplan simulate`: compute how long plans take before any agent runs. Imports neither Airflow nor git."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.output import write
from phaseplan.errors import InputFault

if TYPE_CHECKING:
    from phaseplan.plan.costs import Builds
    from phaseplan.plan.durations import Learned
    from phaseplan.plan.model import PhasePlan

HELP = "how long plans take: by waves, by dependencies, by number of agents; what moves the end; claims and truth"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("plans", metavar="PLAN", nargs="+", type=Path, help="plan files; phases wait for phases")
    parser.add_argument("--agents", metavar="N", type=count, help="shared by all; default: max_parallel_agents of each")
    parser.add_argument("--start", choices=("wave", "dependencies"), help="default: each plan's own")
    parser.add_argument("--json", action="store_true", help="print JSON, version 1")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the schedule")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="of the chances; default: 1")
    parser.add_argument("--runs", metavar="N", type=count, help="of the chances; default: 1000, fewer for large plans")
    parser.add_argument("--learned", action="store_true", help="let what past runs took and used replace estimates")
    parser.add_argument("--repository", metavar="URL", help="where the past runs are; says --learned too")
    parser.epilog = "A branch takes its `duration`, else its wave's, else 30 s a line; nothing is read but the plans."


def count(value: str) -> int:
    """Parse a whole number above 0."""
    if not value.isdecimal() or not 0 < int(value) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"a whole number above 0, not {value!r}")
    return int(value)


def run(args: argparse.Namespace) -> int:
    """Simulate, print, draw."""
    from phaseplan.forecast.simulation.report import Question, simulate

    plans = valid(args.plans)
    question = Question(agents=args.agents, start=args.start, seed=args.seed, runs=args.runs)
    past, builds = _past(args, plans) if args.learned or args.repository else ({}, {})
    report = simulate(plans, question, past, builds)
    if args.svg:
        from phaseplan.forecast.simulation.svg import svg

        write(args.svg, svg(report), sources=args.plans)
    if args.json:
        import json

        from phaseplan.forecast.simulation.as_json import as_json

        print(json.dumps(as_json(report), indent=2))
    else:
        from phaseplan.cli.simulating.lines import show
        from phaseplan.cli.simulating.words import words

        show(words(report))
    return 0


def valid(files: list[Path]) -> list[PhasePlan]:
    """Load the plans of these files; errors that change no time are counted, not shown.

    :raises InputFault: branches or dependencies of one are not sound; the diagnostics were printed.
    """
    from phaseplan.plan.campaign import harmless, load_reckonable
    from phaseplan.plan.lint import render

    campaign = load_reckonable(files)
    fatal = [d for d in campaign.diagnostics if not harmless(d)]
    if fatal:
        sys.stderr.write(render.text(fatal))
        raise InputFault("a plan cannot be simulated before its branches and dependencies are sound")
    if campaign.has_errors:
        print(
            f"{render.summary(campaign.diagnostics)} that change no time: `phaseplan lint` shows them", file=sys.stderr
        )
    return [loaded.plan for loaded in campaign.plans]


def _past(args: argparse.Namespace, plans: list[PhasePlan]) -> tuple[dict[int, Learned], dict[int, Builds]]:
    """Read what past runs of these phases took and used, by phase and branch id, and print what was found."""
    from phaseplan.cli.sources.reading import repository_of, snapshot_of
    from phaseplan.config.settings import settings
    from phaseplan.report.past_durations import learned
    from phaseplan.report.past_usage import builds_of

    by_phase: dict[int, Learned] = {}
    builds: dict[int, Builds] = {}
    for plan in plans:
        url = repository_of(args.repository, plan)
        snapshot = snapshot_of(url, plan.phase, settings().state)
        by_phase[plan.phase], builds[plan.phase] = learned(snapshot), builds_of(snapshot)
        timed = ", ".join(b for b in plan.place if b in by_phase[plan.phase])
        counted = ", ".join(b for b in plan.place if b in builds[plan.phase])
        tokens = f", and tokens of {counted}" if counted else ""
        print(f"phase {plan.phase}: past runs in {url} have times of {timed or 'no branch'}{tokens}", file=sys.stderr)
    return by_phase, builds
