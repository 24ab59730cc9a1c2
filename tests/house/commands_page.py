"""Make `docs/commands.md` from the parsers: `python -m tests.house.commands_page > docs/commands.md`."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from phaseplan.cli.main import VERBS, Parser

_HEAD = """\
# Commands

`./phaseplan VERB --help` says the same. Exit codes everywhere: 0 fine, 1 the input is at fault (plan, branch,
argument), 2 the system is, 130 interrupted.

"""
_TAIL = "This page is made by `python -m tests.house.commands_page`, and a test holds it to the parsers.\n"


def parser(verb: str) -> Parser:
    """Return the parser of one verb, as the command line has it."""
    module = import_module(f"phaseplan.cli.{VERBS[verb]}")
    made = Parser(prog=f"./phaseplan {verb}", description=module.HELP)
    module.register(made)
    return made


def _usage(made: Parser) -> str:
    """Return the usage without line breaks, which depend on the terminal."""
    return " ".join(made.format_usage().removeprefix("usage: ").split()).replace(" [-h]", "")


def _rows(made: Parser) -> list[tuple[str, str]]:
    """Yield every argument and option with its help."""
    actions = [action for action in made._actions if action.dest != "help"]
    return [(_name(action), _help(made, action)) for action in actions]


def _name(action: argparse.Action) -> str:
    value = str(action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else ""))
    if not action.option_strings:
        return f"`{value or action.dest}`"
    takes = "" if action.nargs == 0 else f" {value or action.dest.upper()}"
    return ", ".join(f"`{option}{takes}`" for option in action.option_strings)


def _help(made: Parser, action: argparse.Action) -> str:
    return made._get_formatter()._expand_help(action) if action.help else ""


def _section(verb: str) -> str:
    made = parser(verb)
    text = f"## {verb}\n{(made.description or '')[:1].upper()}{(made.description or '')[1:]}.\n\n"
    text += f"```\n{_usage(made)}\n```\n"
    if rows := _rows(made):
        text += "\n| argument | meaning |\n|---|---|\n"
        text += "".join(f"| {_cell(name)} | {_cell(said)} |\n" for name, said in rows)
    return text + (f"\n{_line(made.epilog)}\n" if made.epilog else "") + "\n"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


def markdown() -> str:
    """Write the page."""
    list_ = "".join(f"- [`{verb}`](#{verb}): {import_module(f'phaseplan.cli.{VERBS[verb]}').HELP}\n" for verb in VERBS)
    return _HEAD + list_ + "\n" + "".join(map(_section, VERBS)) + _TAIL


if __name__ == "__main__":
    sys.stdout.write(markdown())
