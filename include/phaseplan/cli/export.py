"""`phaseplan export`: a plan as a Markdown document, which `import` reads back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from include.phaseplan.errors import InputFault

HELP = "write a plan as Markdown, with tables and a graph"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `export`."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="plan file")
    parser.add_argument("-o", "--output", metavar="DOC.md", type=Path, help="default: the screen")


def run(args: argparse.Namespace) -> int:
    """Write the document; 1 when the plan has errors.

    :raises InputFault: the document would replace the plan.
    """
    from include.phaseplan.plan import render
    from include.phaseplan.plan.campaign import load_valid
    from include.phaseplan.plan.export.document import markdown

    campaign = load_valid([args.plan], None)
    if not campaign.plans:
        sys.stderr.write(render.text(campaign.diagnostics))
        return 1
    document = markdown(campaign.plans[0].plan)
    if args.output is None:
        sys.stdout.write(document)
        return 0
    if args.output.exists() and args.output.samefile(args.plan):
        raise InputFault(f"{args.output} is the plan itself; name a file for the document.")
    args.output.write_text(document, encoding="utf-8")
    print(f"Wrote {args.output}.")
    return 0
