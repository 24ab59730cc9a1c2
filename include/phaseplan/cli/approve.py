"""`phaseplan approve PHASE`: answer the question that a phase waits for, in the Airflow that asks it."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path

from phaseplan.cli.local_airflow.api import Api, ApiError
from phaseplan.cli.local_airflow.finding import airflow_of
from phaseplan.cli.sources.reading import file_of, phase_number, repository_of, snapshot_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.approval.approvals import approval, missing, task_of
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan import names
from phaseplan.report.question import Links, question
from phaseplan.text.shown import plain

HELP = "answer the question that a phase waits for: approve, send back, isolate"
PASSWORD = "PHASEPLAN_AIRFLOW_PASSWORD"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument("--yes", action="store_true", help="approve")
    answers.add_argument("--send-back", metavar="WORDS", help="have work built again; its agents read the words")
    answers.add_argument("--isolate", metavar="ID[,ID]", help="take these branches out, and approve the others")
    answers.add_argument("--do-not-begin", action="store_true", help="end the run before any agent begins")
    parser.add_argument("--branches", metavar="ID[,ID]", default="", help="with --send-back: only these (default: all)")
    parser.add_argument("--words", metavar="TEXT", default="", help="why, for the ledger; --send-back has its own")
    parser.add_argument("--repository", metavar="URL", help="the target repository, instead of the plan's own")
    parser.add_argument("--home", type=Path, metavar="DIR", help="home of the Airflow that is up on this machine")
    parser.add_argument("--airflow", metavar="URL", help="address of another Airflow, instead of one of this machine")
    parser.add_argument("--user", metavar="NAME", help=f"its user; the password is asked for, or in {PASSWORD}")
    parser.epilog = (
        "Without an answer it says what is asked. Exit codes: 0 answered, or said, 1 nothing is asked, or the answer "
        "cannot be taken, 2 the system failed."
    )


def run(args: argparse.Namespace) -> int:
    """Show the question, or answer it as the user that Airflow knows.

    :raises InputFault: no question waits, no Airflow is found, or Airflow refuses the answer.
    """
    phase = phase_number(args.phase)
    snapshot, point = _asked(args, phase)
    text = question(snapshot, point, Links("", lambda _: ""))
    if not (args.yes or args.send_back is not None or args.isolate or args.do_not_begin):
        print(plain(f"{text.subject}\n\n{text.body}"))
        return 0
    api, run_id = _airflow(args, snapshot, phase), snapshot.require_open().run.id
    choice, branches = _chosen(args)
    fields = {"words": args.send_back or args.words or None}
    fields |= {} if point == "the opening" else {"branches": branches}
    try:
        api.answer(names.dag_id(phase), run_id, task_of(point), choice, fields)
    except ApiError as error:
        if error.status in (400, 403, 404, 409):
            raise InputFault(f"{error}. {_explained(error.status)}") from error
        raise
    print(f"{point}: {choice.lower()}. Watch {api.address}/dags/{names.dag_id(phase)}/runs/{run_id}")
    return 0


def _asked(args: argparse.Namespace, phase: int) -> tuple[Snapshot, str]:
    """Return the phase, and the point at which it waits for an answer."""
    configured = settings()
    found = file_of(phase, configured)
    url = repository_of(args.repository, found[1] if found else None)
    snapshot = snapshot_of(url, phase, configured.state)
    if isinstance(snapshot.opened, Unopened):
        raise InputFault(f"Phase {phase} was never opened in {url}, so nothing is asked.")
    for point in missing(snapshot):
        asked = approval(snapshot, point)
        if asked is not None and asked.answer == "" and asked.run == snapshot.opened.run.id:
            return snapshot, point
    raise InputFault(f"Phase {phase} waits for nobody's approval: `phaseplan status {phase}` says how it stands.")


def _airflow(args: argparse.Namespace, snapshot: Snapshot, phase: int) -> Api:
    if args.airflow:
        user = args.user or getpass.getuser()
        secret = os.environ.get(PASSWORD) or getpass.getpass(f"Password of {user} at {args.airflow}: ")
        return Api(args.airflow.rstrip("/"), user, secret)
    run_id = snapshot.require_open().run.id
    if (api := airflow_of(args.home, settings().state, phase, run_id)) is None:
        raise InputFault(
            f"No Airflow with run {run_id} of phase {phase} is up on this machine: answer on its board or under "
            "Required Actions, or give --airflow URL --user NAME."
        )
    return api


def _chosen(args: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the answer, and the branches that it names."""
    named = args.isolate or args.branches
    branches = [part.strip() for part in named.split(",") if part.strip()]
    if args.send_back is not None:
        return "Send back", branches
    if args.isolate:
        return "Isolate", branches
    return ("Do not begin" if args.do_not_begin else "Approve"), []


def _explained(status: int) -> str:
    return {
        400: "This question has other answers.",
        403: "You may not answer it: see `who` under `approve` in the plan.",
        404: "It is not asked there now.",
        409: "It has been answered already.",
    }[status]
