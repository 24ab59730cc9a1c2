"""Command line: list the commands, check them, or run one on a file."""

from __future__ import annotations

import sys
from pathlib import Path

from recipes.commands import commands


def main(arguments: list[str]) -> int:
    """Exit codes: 0 fine, 1 a command is broken, 2 wrong usage."""
    table = commands()
    if arguments == ["--check"]:
        return check()
    if not arguments:
        for name in sorted(table):
            print(f"{name:10} {table[name].summary}")
        return 0
    if len(arguments) != 2 or arguments[0] not in table:
        print(f"usage: python3 -m recipes [--check | {' | '.join(sorted(table)) or 'COMMAND'} FILE]", file=sys.stderr)
        return 2
    print(table[arguments[0]].load()(Path(arguments[1]).read_text()), end="")
    return 0


def check() -> int:
    """See that every command can be loaded."""
    broken = 0
    for name, command in sorted(commands().items()):
        try:
            command.load()
        except (ImportError, AttributeError) as error:
            print(f"recipes/commands.txt: {name}: {error}", file=sys.stderr)
            broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
