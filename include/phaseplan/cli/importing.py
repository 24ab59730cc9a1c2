"""`phaseplan import`: make a plan file from a Markdown plan, and report all contradictions in it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from phaseplan.cli.output import write
from phaseplan.errors import InputFault

HELP = "make a plan file from a Markdown plan, and say what is contradictory in it"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument("document", metavar="DOC.md", type=Path, help="the Markdown plan")
    parser.add_argument(
        "-o", "--output", metavar="PLAN.yaml", type=Path, help="where the plan goes; default: standard output"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing PLAN.yaml")
    parser.add_argument("--strict", action="store_true", help="contradictions are errors, and no plan is written")
    parser.add_argument(
        "--beside", metavar="PLAN", nargs="+", type=Path, default=[], help="plans of other phases to compare with"
    )
    parser.epilog = "Diagnostics go to standard error. Exit code 1 on errors; contradictions count with --strict."


def run(args: argparse.Namespace) -> int:
    """Import; return 1 when there are errors.

    :raises InputFault: the output exists already and `--force` was not given.
    """
    from phaseplan.documents.importing.document import import_file
    from phaseplan.plan.campaign import load_valid
    from phaseplan.plan.lint import render

    output = args.output or Path("-")
    if os.path.lexists(output) and not args.force:  # before the work; `write` looks again
        raise InputFault(f"{output} exists; name another file, or replace it with --force")
    others = [(loaded.path, loaded.plan) for loaded in load_valid(args.beside, None).plans]
    done = import_file(args.document, args.strict, others)
    sys.stderr.write(render.text(done.diagnostics))
    if done.text is None or any(d.is_error for d in done.diagnostics):
        return 1
    write(output, done.text, create=not args.force, sources=[args.document, *args.beside])
    if str(output) == "-":
        return 0
    todos = done.text.count("# TODO ")
    print(
        f"{output} written, {todos} TODO{'s' if todos != 1 else ''} left; next: ./phaseplan lint {output}",
        file=sys.stderr,
    )
    return 0
