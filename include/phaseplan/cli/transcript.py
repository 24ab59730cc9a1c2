"""`phaseplan transcript PHASE BRANCH`: show what an agent said, from the target repository; needs no Airflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from phaseplan.cli.sources.reading import file_of, phase_number, repository_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger import refs
from phaseplan.ledger.transcripts import EVENTS, TEXT, fetched, listed
from phaseplan.repository.remote import Remote
from phaseplan.text.clean import clean

HELP = "show what an agent said, did and tried, or the raw events of its command line"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument("branch", metavar="BRANCH", help="id of the branch, for example 5.1.2")
    parser.add_argument("--attempt", metavar="N", type=int, help="default: the newest that has one")
    parser.add_argument("--raw", action="store_true", help="what the command line printed, as it printed it")
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="the target repository; default: the plan's, the configured one, the last run's",
    )
    parser.epilog = (
        "Kept are attempts that have ended, of profiles with `transcript: true`, which `use:` implies; without "
        "secrets; the end of what is long. Both are the agent's own words and decide nothing."
    )


def run(args: argparse.Namespace) -> int:
    """Print a transcript.

    :raises InputFault: there is none; the message says which there are.
    """
    configured, phase = settings(), phase_number(args.phase)
    plan_file = None if args.repository else file_of(phase, configured)
    remote = Remote(repository_of(args.repository, plan_file[1] if plan_file else None))
    with remote.private(state=configured.state) as repo:
        kept = listed(remote, repo, phase)
        attempt = _attempt(kept, phase, args.branch, args.attempt)
        ref = refs.transcript(phase, args.branch, attempt)
        data = fetched(remote, repo, ref, kept[args.branch][attempt], EVENTS if args.raw else TEXT)
    if data is None:
        raise InputFault(f"attempt {attempt} of {args.branch} has a log and no raw events: leave --raw out.")
    print(f"{args.branch}, attempt {attempt}, from {ref}", file=sys.stderr)
    if args.raw and not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return 0
    for line in data.decode("utf-8", "replace").splitlines():
        print(clean(line))
    return 0


def _attempt(kept: Mapping[str, Mapping[int, str]], phase: int, branch: str, asked: int | None) -> int:
    """Choose the attempt to show.

    :raises InputFault: nothing of it is kept.
    """
    attempts = kept.get(branch, {})
    if not attempts:
        others = f"; there is something of {', '.join(kept)}" if kept else ""
        raise InputFault(
            f"the target keeps nothing that an agent of {branch} in phase {phase} has said{others}. An attempt that "
            "runs is followed in its task's log; profiles without `use:` say `transcript: true`."
        )
    if asked is not None and asked not in attempts:
        have = ", ".join(map(str, attempts))
        raise InputFault(f"the target keeps nothing of attempt {asked} of {branch}; there is attempt {have}.")
    return asked if asked is not None else max(attempts)
