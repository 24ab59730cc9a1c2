"""`phaseplan explain PPnnn`: explain a diagnostic: meaning, reason, example, what to do."""

from __future__ import annotations

import argparse
import re
import sys

from phaseplan.errors import InputFault

HELP = "say what a diagnostic means, why it matters and what to do, with an example"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    parser.add_argument("codes", metavar="PPnnn", nargs="*", help="codes; without any: the list of all")


def run(args: argparse.Namespace) -> int:
    """Print explanations, or the list of all codes.

    :raises InputFault: there is no such code.
    """
    from phaseplan.documents import explain

    codes = [_code(text) for text in args.codes]
    explanations = [explain.text(explain.explain(code)) for code in codes]
    sys.stdout.write(f"\n{'-' * explain.WIDTH}\n\n".join(explanations) if explanations else explain.overview())
    return 0


def _code(text: str) -> str:
    """Return the code for `PP402`, `pp402` or `402`.

    :raises InputFault: there is no such code.
    """
    from phaseplan.plan.lint.codes import CODES
    from phaseplan.plan.lint.suggest import hint

    match = re.fullmatch(r"(?:PP)?(\d{3})", text.strip(), re.IGNORECASE)
    code = f"PP{match[1]}" if match else text.upper()
    if code not in CODES:
        raise InputFault(f"there is no code {text!r}: {hint(code, CODES, 'codes')} `phaseplan explain` lists all.")
    return code
