"""`phaseplan doctor`: say, in any component of an Airflow, what is missing for phases to run there."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING

from phaseplan.errors import InputFault
from phaseplan.text.shown import plain

if TYPE_CHECKING:
    from phaseplan.cli.doctoring.lines import Line

HELP = "say what is wrong with this installation, a line for each thing, and what to do"
_CHECKS = (  # area, module of phaseplan.cli.doctoring, function; in the order in which one needs the other
    ("versions", "versions", "versions"),
    ("settings", "plans", "configuration"),
    ("plans", "plans", "plans"),
    ("notifiers", "plans", "notifiers"),
    ("engine", "engines", "engines"),
    ("repository", "targets", "targets"),
    ("secrets", "connections", "connections"),
    ("plugin", "components", "plugin"),
    ("database", "databases", "locks"),
    ("DAGs", "components", "database"),
    ("tuning", "components", "wishes"),
    ("logs", "logs", "logs"),
    ("disk", "disks", "disks"),
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    areas = dict.fromkeys(area for area, _, _ in _CHECKS)
    parser.add_argument("areas", metavar="AREA", nargs="*", help=f"look only at these: {', '.join(areas)}")
    parser.add_argument("--json", action="store_true", help="a list of objects: area, state, words, step, exit_code")
    parser.epilog = (
        "Run it in each component: scheduler, triggerer, every worker, API server. It makes and deletes one ref in "
        "each target, creates and removes a container for each agent profile, and runs none. Exit codes: 0 nothing "
        "is wrong (advice and what cannot be seen from here do not count), 1 plans, profiles or settings are, 2 the "
        "system is."
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything, and print a line for each thing as it is known.

    :raises InputFault: there is no area of a name.
    """
    from phaseplan.cli.doctoring.lines import exit_code

    checks = [check for check in _CHECKS if check[0] in args.areas or not args.areas]
    if unknown := set(args.areas) - {area for area, _, _ in checks}:
        known = ", ".join(dict.fromkeys(area for area, _, _ in _CHECKS))
        raise InputFault(f"there is nothing called {sorted(unknown)[0]!r} to look at; there are: {known}")
    lines = []
    out = sys.stdout
    with redirect_stdout(sys.stderr), _quiet():  # importing Airflow and its plugins says this and that
        for line in _all(checks):
            lines.append(line)
            if not args.json:
                print(_shown(line), file=out, flush=True)
    print(json.dumps([line.as_dict() for line in lines], indent=2) if args.json else _summary(lines))
    return exit_code(lines)


@contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _all(checks: Sequence[tuple[str, str, str]]) -> Iterator[Line]:
    from phaseplan.cli.doctoring.lines import looked

    for area, module, function in checks:
        yield from looked(area, partial(_carried_out, module, function))


def _carried_out(module: str, function: str) -> Iterable[Line]:
    found: Iterable[Line] = getattr(importlib.import_module(f"phaseplan.cli.doctoring.{module}"), function)()
    return found


def _shown(line: Line) -> str:
    step = f"\n{'':>22}do: {plain(line.step)}" if line.step else ""
    return f"{line.state:<8}  {line.area:<10}  {plain(line.words)}{step}"


def _summary(lines: list[Line]) -> str:
    wrong, hints = (sum(line.state == state for line in lines) for state in ("wrong", "advice"))
    end = f"{wrong} wrong" if wrong else "Nothing is wrong"
    return f"\n{end}; {hints} advice; {len(lines)} lines"
