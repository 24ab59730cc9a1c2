"""`phaseplan reintegrate PHASE BRANCH...`: do from a terminal what Clearing a branch's task with Downstream does."""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Sequence
from pathlib import Path

from phaseplan.cli import run as run_verb
from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.finding import airflow_of
from phaseplan.cli.sources.planning import source
from phaseplan.cli.sources.reading import file_of, phase_number, repository_of, snapshot_of
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import RunRecord, State
from phaseplan.plan import names
from phaseplan.plan.graph import dependents, merge_order, transitive
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.run_request import RunRequest
from phaseplan.report.status import PhaseStatus, build_status
from phaseplan.text.program import PROGRAM

HELP = "bring branches back that are isolated, blocked or unfinished"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("phase", metavar="PHASE", help="number of the phase")
    parser.add_argument("branches", nargs="+", metavar="BRANCH", help="ids of branches, for example 5.1.2")
    parser.add_argument("--repository", metavar="URL", help="the target repository, instead of the plan's own")
    parser.add_argument(
        "--agents", type=Path, metavar="FILE", help="agent profiles (default: those the phase was opened with)"
    )
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="home of the Airflow that is up, or of the one to be started"
    )
    parser.add_argument(
        "--take-over", action="store_true", help="also when the last run was never closed: it is dead, you are sure"
    )
    parser.epilog = (
        "Where the Airflow of the phase's last run is up, its tasks are Cleared; else a run of its own builds the "
        "branches and what depends on them, by the plan of the phase's ledger, or by the file it came from where that "
        "was edited since. Exit codes: 0 cleared, or all of it is in, 1 a plan, branch or gate said "
        "no, 2 the system failed."
    )


def run(args: argparse.Namespace) -> int:
    """Clear where an Airflow can, else run."""
    configured = settings()
    phase = phase_number(args.phase)
    found = file_of(phase, configured)
    url = repository_of(args.repository, found[1] if found else None)
    snapshot = snapshot_of(url, phase, configured.state)
    if isinstance(snapshot.opened, Unopened):
        raise InputFault(f"Phase {phase} was never opened in {url}, so nothing of it is out: `{PROGRAM} run`.")
    status, last = build_status(snapshot), snapshot.opened.run
    wanted = tuple(dict.fromkeys(args.branches))
    refuse(status, wanted)
    if (airflow := airflow_of(args.home, configured.state, phase, last.id)) is not None:
        return _clear(airflow, snapshot.opened.plan, last.id, wanted)
    if last.closed is None and not args.take_over:
        raise InputFault(
            f"Phase {phase} is held by run {last.id}, opened {last.opened}, which was never closed, and no Airflow of "
            "it is up here. If it is dead, add --take-over; if it runs elsewhere, Clear the task there."
        )
    choice = source(snapshot.opened.pinned, url, configured, args.agents)
    print(f"Plan: {choice.why}.")
    if gone := [b for b in wanted if b not in choice.plan.by_id]:
        raise InputFault(
            f"{choice.file} has no branch {', '.join(gone)} any more. Put it back, "
            f"or build what the plan says now: `{PROGRAM} run {shlex.quote(str(choice.file))}`."
        )
    chosen, left = selection(choice.plan, status, wanted)
    for branch_id, cause in left.items():
        print(f"{branch_id} stays out: it also needs {cause}, which is not in.")
    return run_verb.run(_parsed(command(choice.file, url, choice.agents, last, chosen, args.home)))


def command(
    plan_file: Path, url: str, agents: Path, last: RunRecord, chosen: Sequence[str], home: Path | None
) -> list[str]:
    """Return the arguments of `phaseplan run` that carry the branches out as a Clear of the last run would."""
    asked = RunRequest(base=last.base_name, start=last.start, branches=tuple(chosen), agent=last.agent)
    sets = [word for pair in asked.pairs() for word in ("--set", pair)]
    return [
        str(plan_file),
        "--repository",
        url,
        "--agents",
        str(agents),
        *sets,
        *(["--home", str(home)] if home else []),
    ]


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="phaseplan run")
    run_verb.register(parser)
    return parser.parse_args(arguments)


def refuse(status: PhaseStatus, wanted: Sequence[str]) -> None:
    """Complain of branches that cannot be brought back.

    :raises InputFault: a branch that is unknown, in already, being built, or behind one that is not asked for.
    """
    for branch_id in wanted:
        branch = status.branches.get(branch_id)
        if branch is None:
            near = difflib.get_close_matches(branch_id, status.branches, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"branches: {', '.join(status.branches)}"
            raise InputFault(f"Phase {status.phase} has no branch `{branch_id}`; {hint}")
        if branch.state is State.INTEGRATED:
            raise InputFault(f"{branch_id} is integrated already, at {(branch.head or '')[:8]}: nothing to bring back.")
        if branch.state is State.RUNNING:
            raise InputFault(f"{branch_id} is being built now, as attempt {branch.attempt}: wait for it, or cancel it.")
        if branch.blocked_by is not None and branch.blocked_by not in wanted:
            raise InputFault(
                f"{branch_id} {branch.reason}. Bring that one back, and {branch_id} comes with it: "
                f"{PROGRAM} reintegrate {status.phase} {branch.blocked_by}"
            )


def selection(plan: PhasePlan, status: PhaseStatus, wanted: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Select what a run must be about: these branches, what they still need, and what depends on them.

    :return: ids in merge order; dependents left out, each with another branch it needs that is not coming.
    """
    inside = {b for b, branch in status.branches.items() if branch.state is State.INTEGRATED}
    core = set(wanted).union(*(transitive(plan, b) for b in wanted)) - inside
    behind = {d for b in wanted for d in dependents(plan, b)} - inside - core
    left: dict[str, str] = {}
    for branch_id in merge_order(plan):
        if branch_id in behind:
            missing = next((n for n in transitive(plan, branch_id) if n not in inside | core), None)
            if missing is None:
                core.add(branch_id)
            else:
                left[branch_id] = missing
    return tuple(b for b in merge_order(plan) if b in core), left


def _clear(api: Api, plan: PhasePlan, run_id: str, wanted: Sequence[str]) -> int:
    dag = names.dag_id(plan.phase)
    cleared = api.clear(dag, run_id, [names.branch_task_id(plan, b) for b in wanted])
    print(f"Cleared {len(cleared)} tasks of {dag}, run {run_id}: {', '.join(cleared)}")
    print(f"watch     {api.address}/dags/{dag}/runs/{run_id}\nstatus    {PROGRAM} status {plan.phase}")
    return 0
