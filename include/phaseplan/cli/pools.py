"""`phaseplan pools`: print the Airflow pools that the plans need, as `airflow pools import` reads them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.lint import default_plans
from phaseplan.errors import InputFault

if TYPE_CHECKING:
    from phaseplan.plan.model import PhasePlan

HELP = "print the Airflow pools the plans need, for `airflow pools import`"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `pools`."""
    parser.add_argument("plans", metavar="PLAN", nargs="*", type=Path, help="plan files; default: all of include/plans")
    parser.epilog = "Usage: phaseplan pools > pools.json && airflow pools import pools.json"


def run(args: argparse.Namespace) -> int:
    """Print one pool for each plan.

    :raises InputFault: a plan has errors; a pool that is missing leaves its tasks waiting silently.
    """
    from phaseplan.plan import names
    from phaseplan.plan.campaign import load_valid
    from phaseplan.plan.lint import render

    campaign = load_valid(args.plans or default_plans(), None)
    if campaign.has_errors:
        first = next(d for d in campaign.diagnostics if d.is_error)
        raise InputFault(f"{render.head(first)}\nevery plan must lint without errors first: phaseplan lint")
    print(json.dumps({names.pool(loaded.plan): _pool(loaded.plan) for loaded in campaign.plans}, indent=2))
    return 0


def _pool(plan: PhasePlan) -> dict[str, object]:
    description = f"agents of phase {plan.phase}: {plan.title}"
    return {"slots": plan.max_parallel_agents, "description": description, "include_deferred": True}
