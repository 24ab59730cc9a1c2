"""`phaseplan schema`: print the JSON Schema of a plan file, for editors."""

from __future__ import annotations

import argparse
from pathlib import Path

from phaseplan.cli.output import write

HELP = "print the JSON Schema of a plan file; docs/plan.schema.json is a copy"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `schema`."""
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: the screen")
    parser.epilog = "An editor finds it by a plan's first line: # yaml-language-server: $schema=PATH or URL"


def run(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    from phaseplan.plan import json_schema

    output = args.output or Path("-")
    write(output, json_schema.text())
    if str(output) != "-":
        print(f"Wrote {output}.")
    return 0
