"""`phaseplan engines list | forget`: tell which engines a phase's agents are on, and that one of them is gone."""

from __future__ import annotations

import argparse

from phaseplan.cli.images import print_table
from phaseplan.cli.sources.reading import file_of, phase_number, repository_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.engines import declare_gone, placed
from phaseplan.ledger.write import read
from phaseplan.repository.remote import Remote

HELP = "which engines a phase's agents are on; forget one that is gone for good"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("action", choices=("list", "forget"))
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument("engine", metavar="ENGINE", nargs="?", help="forget: the engine's id, as list shows it")
    parser.add_argument("--repository", metavar="URL", help="the target repository; default: as for status")
    parser.epilog = (
        "An attempt stays with its engine: a worker that does not reach it waits, and starts no second agent. What is "
        "on a forgotten engine is closed as unfinished by the next try of its task, and the next attempt begins. "
        "Forget an engine only if its agents have ended with it; one that starts agents again is known again."
    )


def run(args: argparse.Namespace) -> int:
    """List or forget.

    :raises InputFault: no open attempt of the phase is on the engine.
    """
    configured, phase = settings(), phase_number(args.phase)
    plan_file = None if args.repository else file_of(phase, configured)
    remote = Remote(repository_of(args.repository, plan_file[1] if plan_file else None))
    with remote.private(state=configured.state) as repo:
        found = list(placed(read(repo, remote, phase, logs=False)))
        if args.action == "forget":
            if args.engine not in {each.engine for each in found}:
                raise InputFault(
                    f"no open attempt of phase {phase} is on engine {args.engine}: phaseplan engines list {phase}"
                )
            declare_gone(repo, remote, phase, args.engine)
    if args.action == "forget":
        lost = ", ".join(f"{each.branch} (attempt {each.attempt})" for each in found if each.engine == args.engine)
        print(
            f"Engine {args.engine} is forgotten in phase {phase}. The next try of each closes it as unfinished: {lost}."
        )
    elif not found:
        print(f"No attempt of phase {phase} is open.")
    else:
        rows = [(p.engine, p.machine, p.branch, str(p.attempt), p.since, "forgotten" if p.gone else "") for p in found]
        print_table(("engine", "machine", "branch", "attempt", "since", ""), *rows)
    return 0
