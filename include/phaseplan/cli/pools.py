"""`phaseplan pools`: the Airflow pools the plans need, as `airflow pools import` reads them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from include.phaseplan.cli.lint import default_plans
from include.phaseplan.errors import InputFault

HELP = "print the Airflow pools the plans need, for `airflow pools import`"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `pools`."""
    parser.add_argument("plans", metavar="PLAN", nargs="*", type=Path, help="plan files; default: all of include/plans")
    parser.epilog = "Usage: phaseplan pools > pools.json && airflow pools import pools.json"


def run(args: argparse.Namespace) -> int:
    """Print one pool for each plan.

    :raises InputFault: a plan has errors; a pool that is missing leaves its tasks waiting silently.
    """
    from include.phaseplan.plan import render
    from include.phaseplan.plan.campaign import load_valid

    campaign = load_valid(args.plans or default_plans(), None)
    if campaign.has_errors:
        first = next(d for d in campaign.diagnostics if d.is_error)
        raise InputFault(f"{render.head(first)}\nevery plan must lint without errors first: phaseplan lint")
    print(json.dumps({pool_name(p.plan.phase, p.plan.max_parallel_agents): _pool(p.plan.phase, p.plan.title,
                      p.plan.max_parallel_agents) for p in campaign.plans}, indent=2))  # fmt: skip
    return 0


def pool_name(phase: int, agents: int) -> str:
    """The size is in the name, so that a changed plan gets a new pool instead of a wrong one."""
    return f"phaseplan_{phase}_a{agents}"


def _pool(phase: int, title: str, agents: int) -> dict[str, object]:
    return {"slots": agents, "description": f"agents of phase {phase}: {title}", "include_deferred": True}
