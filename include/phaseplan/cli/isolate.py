"""`phaseplan isolate PHASE BRANCH`: revert an integrated branch, with everything that needs it."""

from __future__ import annotations

import argparse

from phaseplan.cli.sources.reading import file_of, phase_number, repository_of
from phaseplan.config.settings import Settings, settings
from phaseplan.containers.engine import connect, find, remove
from phaseplan.containers.gateways.gateway import close_found
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.errors import InputFault
from phaseplan.gates.checkout import discard
from phaseplan.gates.commands import ContainerBench
from phaseplan.ledger import refs
from phaseplan.ledger import status_log as statuslog
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.write import Snapshot, read
from phaseplan.phase.take_out import TakenOut, take_out
from phaseplan.plan.graph import dependents
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.names import branch_task_id
from phaseplan.repository.remote import Remote
from phaseplan.text.program import PROGRAM
from phaseplan.wave.task import wave_bench

HELP = "take an integrated branch out again, with what needs it"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument("branch", metavar="BRANCH", help="id of the branch, for example 5.1.2")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for the ledger and the logs")
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="the target repository; default: the plan's, the configured one, the last run's",
    )


def run(args: argparse.Namespace) -> int:
    """Revert, gate, publish; nothing changes if one of them fails.

    :raises InputFault: the branch is not integrated, or cannot leave; the message says why.
    """
    configured, phase = settings(), phase_number(args.phase)
    plan_file = None if args.repository else file_of(phase, configured)
    remote = Remote(repository_of(args.repository, plan_file[1] if plan_file else None))
    with remote.private(state=configured.state) as repo:
        snapshot = read(repo, remote, phase)
        if isinstance(snapshot.opened, Unopened):
            raise InputFault(f"{remote} has no ledger of phase {phase}: nothing of it is integrated.")
        bench = _bench(snapshot, snapshot.opened.ledger.id, configured, args.branch)
        result = take_out(remote, repo, bench, phase, args.branch, args.reason)
        statuslog.mirror(configured.state, phase, result.status_lines, result.blockers)
        print("\n".join(report(snapshot.opened.plan, args.branch, result)))
    return 0


def _bench(snapshot: Snapshot, ledger: str, configured: Settings, branch_id: str) -> ContainerBench:
    """Prepare gate containers as a wave's integration does; remove those of a dead predecessor first."""
    client, name = connect(configured.docker_url), f"isolate-{branch_id}"
    for leftover in find(client, ledger=ledger, phase=snapshot.phase, branch=name):
        if leftover.labels.role == "gateway":
            close_found(client, leftover)
        else:
            remove(client, leftover.id)
    discard(client, ledger=ledger, phase=snapshot.phase, branch=name)
    return wave_bench(snapshot, client, configured, name, print, _way_out)


def _way_out() -> WayOut:
    """Return how gates reach their hosts; Airflow, which has the login of a proxy, is imported only for that."""
    from phaseplan.airflow.operators.secrets import way_out

    return way_out()


def report(plan: PhasePlan, branch_id: str, result: TakenOut) -> list[str]:
    """Describe what was taken out, and how it comes back."""
    branch, where = plan.by_id[branch_id], refs.integration(plan.phase).removeprefix("refs/heads/")
    if not result.taken:
        lines = [f"{branch_id} {branch.title} is out of {where} already; nothing was changed."]
    else:
        lines = [
            f"Took {branch_id} {branch.title} out of {where}, which is at {result.head[:12]} now. Reverted, in order:"
        ]
        lines += [f"- {b} {plan.by_id[b].title}" for b in result.taken]
    if blocked := dependents(plan, branch_id):
        lines.append(f"Blocked until it is back: {', '.join(blocked)}.")
    lines.append(
        f"It comes back with a new attempt: {PROGRAM} reintegrate {plan.phase} {branch_id}, or in Airflow Clear "
        f"{branch_task_id(plan, branch_id)} with Downstream on and Only-failed off."
    )
    return lines
