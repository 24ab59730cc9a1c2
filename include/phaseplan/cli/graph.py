"""`phaseplan graph`: draw phases, waves and branches as text, mermaid or SVG, without importing Airflow."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.lint import default_plans
from phaseplan.cli.output import write
from phaseplan.errors import InputFault

if TYPE_CHECKING:
    from phaseplan.plan.model import PhasePlan

HELP = "draw plans: phases, waves, branches and what waits for what"
FORMATS = ("text", "mermaid", "svg")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `graph`."""
    parser.add_argument("plans", metavar="PLAN", nargs="*", type=Path, help="plan files; default: all of include/plans")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there instead of to the terminal")
    parser.epilog = "Usage: phaseplan graph --format svg -o campaign.svg"


def run(args: argparse.Namespace) -> int:
    """Draw the plans in the order of their phases.

    :raises InputFault: a plan has errors; half a picture would be a wrong one.
    """
    from phaseplan.plan.campaign import harmless, load_reckonable
    from phaseplan.plan.lint import render

    campaign = load_reckonable(args.plans or default_plans())
    first = next((d for d in campaign.diagnostics if not harmless(d)), None)
    if first is not None:
        raise InputFault(f"{render.head(first)}\nids and dependencies must be sound first: phaseplan lint")
    drawn = _draw(args.format, [loaded.plan for loaded in campaign.plans])
    write(args.output or Path("-"), drawn, sources=[Path(loaded.path) for loaded in campaign.plans])
    return 0


def _draw(format_: str, plans: list[PhasePlan]) -> str:
    if format_ == "svg":
        from phaseplan.forecast.drawing.svg import svg

        return svg(plans)
    if format_ == "mermaid":
        from phaseplan.forecast.drawing.mermaid import campaign

        return campaign(plans)
    from phaseplan.forecast.drawing.text import text

    return text(plans)
