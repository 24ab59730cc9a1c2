"""`phaseplan new`: write a plan to begin with."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from phaseplan.cli.lint import near
from phaseplan.cli.output import write
from phaseplan.config.place import checkout, code
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.text.program import PROGRAM

HELP = "write a plan to begin with, every part explained"


def _schema() -> Path:
    """Return the JSON Schema of plans: the checkout's, else the one that comes with the package."""
    top = checkout()
    return top / "docs/plan.schema.json" if top else code() / "phaseplan/plan/plan.schema.json"


SCHEMA = _schema()


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `new`."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=Path,
        help="default: include/plans/phase-NN.yaml, the next; - the screen",
    )
    parser.add_argument("--phase", metavar="NUMBER", type=int, help="default: the number in FILE's name, else the next")
    parser.add_argument("--agents", metavar="FILE", type=Path, help="agent profiles; default: include/agents.yaml")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")


def run(args: argparse.Namespace) -> int:
    """Write the plan.

    :raises InputFault: there is such a file already, the phase is no number of a phase, or no profile to name.
    """
    from phaseplan.documents.starter import starter

    phase = _phase(args.phase, args.file)
    path = args.file or near(settings().plans / f"phase-{phase:02}.yaml")
    agent = _agent(args.agents or settings().agents)
    if str(path) == "-":
        sys.stdout.write(starter(phase, agent, os.path.relpath(SCHEMA)))
        return 0
    text = starter(phase, agent, os.path.relpath(SCHEMA, os.path.realpath(path.parent)))
    write(path, text, create=not args.force)
    profiles = f" --agents {args.agents}" if args.agents else ""  # without it lint would look into another file
    print(f"Wrote {path}: phase {phase}. Next: {PROGRAM} lint {path}{profiles}")
    return 0


def _phase(number: int | None, file: Path | None) -> int:
    """Choose the number of the new plan's phase.

    :raises InputFault: it is negative.
    """
    if number is not None:
        if number < 0:
            raise InputFault(f"--phase {number}: phases are numbered from 0.")
        return number
    if file is not None and (match := re.search(r"\d{1,6}", file.stem)):
        return int(match[0])
    return _next()


def _next() -> int:
    """Return one more than the last phase of the checkout's plans, by content and by name."""
    from phaseplan.config.plan_files import plan_files
    from phaseplan.plan.campaign import load_valid

    files = plan_files(settings().plans)
    named = [int(match[0]) for file in files if (match := re.search(r"\d{1,6}", file.stem))]
    return max([0, *named, *(loaded.plan.phase for loaded in load_valid(files, None).plans)]) + 1


def _agent(agents: Path) -> str:
    """Return the first profile of an agents file.

    :raises InputFault: it has none.
    """
    from phaseplan.plan.campaign import load_profiles

    profiles = load_profiles(agents)[0]
    if not profiles:
        raise InputFault(
            f"no agent profile in {near(agents)}; a plan must name one: give a file that has some (--agents)"
        )
    return next(iter(profiles))
