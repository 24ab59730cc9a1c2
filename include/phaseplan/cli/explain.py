"""`phaseplan explain PPnnn`: what a diagnostic means, why it matters, an example, what to do."""

from __future__ import annotations

import argparse
import re
import sys

from phaseplan.errors import InputFault

HELP = "say what a diagnostic means, why it matters and what to do, with an example"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `explain`."""
    parser.add_argument("codes", metavar="PPnnn", nargs="*", help="codes; without any: the list of all")


def run(args: argparse.Namespace) -> int:
    """Print explanations, or the list of all codes.

    :raises InputFault: there is no such code.
    """
    from phaseplan.documents import explain

    codes = [_code(given) for given in args.codes]
    said = [explain.text(explain.explain(code)) for code in codes]
    sys.stdout.write(f"\n{'-' * explain.WIDTH}\n\n".join(said) if said else explain.overview())
    return 0


def _code(given: str) -> str:
    """`PP402`, `pp402` and `402` are the same code.

    :raises InputFault: it is none.
    """
    from phaseplan.plan.lint.codes import CODES
    from phaseplan.plan.lint.suggest import hint

    match = re.fullmatch(r"(?:PP)?(\d{3})", given.strip(), re.IGNORECASE)
    code = f"PP{match[1]}" if match else given.upper()
    if code not in CODES:
        raise InputFault(f"there is no code {given!r}: {hint(code, CODES, 'codes')} `phaseplan explain` lists all.")
    return code
