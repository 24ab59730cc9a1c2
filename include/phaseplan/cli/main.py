"""`phaseplan VERB ...`: find the verb's module, parse its arguments, turn errors into exit codes.

A verb is one module beside this one with `HELP`, `register(parser)` and `run(args) -> int`. Only the
module of the requested verb is imported, so that `lint` never imports Airflow.
Exit codes: 0 fine, 1 the input is at fault, 2 the system is, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from phaseplan.errors import PhaseplanError

PACKAGE = "phaseplan.cli"
VERBS: dict[str, str] = {  # verb -> module of this package; the order is the order of the help
    "lint": "lint",
    "import": "importing",
    "graph": "graph",
    "simulate": "simulate",
    "improve": "improve",
    "run": "run",
    "up": "up",
    "status": "status",
    "history": "history",
    "transcript": "transcript",
    "approve": "approve",
    "isolate": "isolate",
    "reintegrate": "reintegrate",
    "agents": "agents",
    "init": "init",
    "images": "images",
    "doctor": "doctor",
    "engines": "engines",
    "pools": "pools",
    "gc": "housekeeping.gc",
    "export": "export",
    "new": "new",
    "schema": "schema",
    "explain": "explain",
}

_ABOVE = "usage: phaseplan VERB [options]\n\nPhase plans in YAML become Airflow DAGs of coding agents."
_BELOW = "`phaseplan VERB --help` explains a verb. Exit codes: 0 fine, 1 the input is at fault, 2 the system is."


class Parser(argparse.ArgumentParser):
    """Parse arguments; a bad command line is bad input, so errors exit with 1."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: error: {message}\n")


def load_verb(verb: str) -> ModuleType:
    """Import the module of one verb."""
    return importlib.import_module(f"{PACKAGE}.{VERBS[verb]}")


def overview() -> str:
    """Return the help of `phaseplan` itself; the one place that imports every verb."""
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {verb:<{width}}{load_verb(verb).HELP}" for verb in VERBS)
    return f"{_ABOVE}\n\nverbs:\n{verbs}\n\n{_BELOW}"


def unknown_verb(verb: str) -> int:
    """Print which verbs exist, the nearest first, and return 1."""
    import difflib

    near = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"verbs: {', '.join(VERBS)}"
    print(f"phaseplan: error: unknown verb `{verb}`; {hint}", file=sys.stderr)
    return 1


def dispatch(argv: Sequence[str]) -> int:
    """Run the verb that `argv` names; errors of any kind pass through."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if argv else 1
    if argv[0] not in VERBS:
        return unknown_verb(argv[0])
    module = load_verb(argv[0])
    parser = Parser(prog=f"phaseplan {argv[0]}", description=module.HELP)
    module.register(parser)
    return int(module.run(parser.parse_args(argv[1:])))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the one place where errors become messages and exit codes."""
    try:
        code = dispatch(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except PhaseplanError as error:
        print(f"phaseplan: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("phaseplan: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (`| head`) has ended; the flush at exit must not raise again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except Exception as error:
        from phaseplan.repository.disk import of_error

        full = of_error(error)
        if full is None and not isinstance(error, OSError):
            raise
        print(f"phaseplan: error: {full or error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
