"""`phaseplan export`: write a plan as a Markdown document, which `import` reads back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from phaseplan.cli.output import write

HELP = "write a plan as Markdown, with tables and a graph"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="plan file")
    parser.add_argument("-o", "--output", metavar="DOC.md", type=Path, help="default: the screen")


def run(args: argparse.Namespace) -> int:
    """Write the document; return 1 when the plan has errors.

    :raises InputFault: the document would replace the plan.
    """
    from phaseplan.documents.export.document import markdown
    from phaseplan.plan.campaign import load_reckonable
    from phaseplan.plan.lint import render

    campaign = load_reckonable([args.plan])
    if not campaign.plans:
        sys.stderr.write(render.text(campaign.diagnostics))
        return 1
    document = markdown(campaign.plans[0].plan, whole=not campaign.has_errors)
    output = args.output or Path("-")
    write(output, document, sources=[args.plan])
    if str(output) != "-":
        print(f"Wrote {output}.")
    return 0
