"""`phaseplan lint`: report everything that is wrong with the plans, at once, without importing Airflow."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import notifiers_file, settings
from phaseplan.errors import InputFault
from phaseplan.text.program import PROGRAM

if TYPE_CHECKING:
    from phaseplan.plan.lint.diagnostics import Diagnostic

HELP = "check plans: every problem with file, line, column and what to do"
_NAMED = 3  # codes that the last line offers to explain


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `lint`."""
    parser.add_argument("plans", metavar="PLAN", nargs="*", type=Path, help="plan files; default: all of include/plans")
    parser.add_argument("--agents", metavar="FILE", type=Path, help="agent profiles; default: include/agents.yaml")
    parser.add_argument("--notifiers", metavar="FILE", type=Path, help="notifiers; default: include/notifiers.yaml")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text", help="default: text")
    parser.epilog = "Exit code 1 on errors; warnings and notes do not count."


def run(args: argparse.Namespace) -> int:
    """Lint; return 1 when there are errors."""
    from phaseplan.plan.campaign import load_campaign
    from phaseplan.plan.lint import render

    campaign = load_campaign(
        args.plans or default_plans(), args.agents or default_agents(), args.notifiers or default_notifiers()
    )
    if args.format == "json":
        print(render.as_json(campaign.diagnostics))
    elif args.format == "github":
        sys.stdout.write(render.github(campaign.diagnostics))
    else:
        sys.stdout.write(render.text(campaign.diagnostics) + _more(campaign.diagnostics))
    return 1 if campaign.has_errors else 0


def _more(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the hint at `explain`, if there are diagnostics."""
    codes = dict.fromkeys(d.code for d in sorted(diagnostics, key=lambda d: not d.is_error))
    return f"`{PROGRAM} explain {' '.join(list(codes)[:_NAMED])}` says more\n" if codes else ""


def default_plans() -> Sequence[Path]:
    """List all plans of the folder that the setting `plans` names.

    :raises InputFault: there are none.
    """
    folder = settings().plans
    plans = plan_files(folder)
    if not plans:
        raise InputFault(f"no plans in {near(folder)}; name one, or put one there")
    return [near(path) for path in plans]


def default_agents() -> Path | None:
    """Return the agent profiles that the setting `agents` names, if the file exists."""
    path = settings().agents
    return near(path) if path.exists() else None


def default_notifiers() -> Path | None:
    """Return the notifiers that the setting `notifiers` names, if it names any."""
    path = notifiers_file()
    return near(path) if path else None


def near(path: Path) -> Path:
    """Make a path relative to the current folder, if that is shorter to read."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else Path(relative)
