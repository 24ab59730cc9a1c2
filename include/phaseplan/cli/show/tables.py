"""Show a phase's status to people; 80 columns are enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from phaseplan.cli.progress.plain import clock
from phaseplan.cli.show.branches import is_out
from phaseplan.forecast.simulation.report import Question, simulate
from phaseplan.ledger.money.usage import Spent, spent_of
from phaseplan.ledger.records import Finding
from phaseplan.ledger.unpublished import WAITING
from phaseplan.plan import names
from phaseplan.plan.durations import estimates_of
from phaseplan.plan.model import PhasePlan, Start
from phaseplan.report.status import BranchStatus, PhaseStatus
from phaseplan.report.timings import Timings
from phaseplan.text.clean import clean
from phaseplan.text.program import PROGRAM

_FINDINGS = 5  # of one branch or wave; the rest is in the log


def say(where: Console, text: str = "") -> None:
    """Print text from any source, an agent included: no markup, no control characters, no wrapping."""
    where.print("\n".join(clean(line) for line in text.split("\n")), markup=False, soft_wrap=True)
    where.file.flush()


def console() -> Console:
    """Return where tables go; a pipe gets a fixed width and no colours."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=100, color_system=None)


def troubles(status: PhaseStatus, plan: PhasePlan) -> Iterator[str]:
    """Describe branches that did not get in, why, and what to do; red waves and their findings.

    A branch behind one that is out comes back with it, so only the first cause has a `next:` line.
    """
    for number, wave in status.waves.items():
        if wave.state == "red" and any(f.gate == "publish" for f in wave.findings):
            yield f"wave {number} is {WAITING}: refused by the target"
            yield from ("    " + line for f in wave.findings for line in f.message.splitlines())
        elif wave.state == "red":
            yield f"wave {number} is red: its gates did not pass, and nothing of it was published"
            yield from _findings(wave.findings)
    yield from (p.words for p in status.approvals.values() if p.state not in ("approved", "not reached"))
    for pause in status.pauses:
        waiting = [b for b, branch in status.branches.items() if branch.paused == pause.profile]
        over = status.run is not None and status.run.closed is not None
        yield pause.sentence(over=over)
        yield f"    next: mend that; {_go_on(status, plan, waiting, over)}"
    for ids, branch in _alike(status):
        yield f"{', '.join(ids)} {branch.state}" + (f": {branch.reason}" if branch.reason else "")
        yield from _findings(tuple(f for f in branch.findings if str(f) != branch.reason))
        if branch.blocked_by is None and not branch.budget_spent and ids[0] in plan.by_id:
            yield f"    next: {_next_step(status, plan, ids[0])}"


def delivered(status: PhaseStatus) -> Iterator[str]:
    """Say where the phase was delivered to, or why it was not."""
    if status.delivery is not None:
        line = str(status.delivery)
        yield line if status.delivery.state == "failed" else f"delivered: {line}"


def _alike(status: PhaseStatus) -> Iterator[tuple[list[str], BranchStatus]]:
    """Group branches that are out; those with the same cause come together."""
    by_cause: dict[tuple[str, ...], list[str]] = {}
    for branch_id, branch in status.branches.items():
        if is_out(branch) and not branch.paused:
            key = (branch.blocked_by, branch.state, branch.reason) if branch.blocked_by else (branch_id,)
            by_cause.setdefault(key, []).append(branch_id)
    for ids in by_cause.values():
        yield ids, status.branches[ids[0]]


def _go_on(status: PhaseStatus, plan: PhasePlan, waiting: list[str], over: bool) -> str:
    """Say how the branches of a paused profile go on."""
    if not waiting:
        return "an attempt asks the provider again now"
    some = f"{', '.join(waiting[:_FINDINGS])}{' and more' if len(waiting) > _FINDINGS else ''}"
    if over:
        return f"then start the phase again: {some} {'has' if len(waiting) == 1 else 'have'} not been built"
    task = names.branch_task_id(plan, waiting[0])
    return f"{some} then {'goes' if len(waiting) == 1 else 'go'} on by themselves; a Clear of {task} tries at once"


def _next_step(status: PhaseStatus, plan: PhasePlan, branch_id: str) -> str:
    clear = f"Clear {names.branch_task_id(plan, branch_id)} with Downstream on and Only-failed off"
    if status.run is None or not status.run.closed:  # a process may still hold the run
        return clear
    return f"{clear}, or {PROGRAM} reintegrate {status.phase} {branch_id}"


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings[:_FINDINGS]:
        yield "    " + str(finding).replace("\n", "\n    ")
    if len(findings) > _FINDINGS:
        yield f"    and {len(findings) - _FINDINGS} more"


def notes(status: PhaseStatus) -> Iterator[str]:
    """List what no gate forbids and a person should know: which branch's lines a branch removes."""
    yield from (f"{branch_id} {note}" for branch_id, branch in status.branches.items() for note in branch.notes)


def waves(status: PhaseStatus) -> Iterator[str]:
    """Describe each wave in one line."""
    for number, wave in status.waves.items():
        took = f", {clock(wave.seconds)}" if wave.seconds is not None else ""
        at = f" at {wave.head[:8]}" if wave.head else ""
        title = f" {' '.join(wave.title.split())}" if wave.title else ""
        refused = any(f.gate == "publish" for f in wave.findings)
        cost = f"; used {spent.short}" if (spent := spent_of(wave)) else ""
        yield f"wave {number}{title}: {f'{WAITING}, refused by the target' if refused else wave.state}{at}{took}{cost}"


def early(status: PhaseStatus) -> Iterator[str]:
    """Describe each predicted conflict in one line."""
    yield from map(str, status.predicted_conflicts)


def flaky(status: PhaseStatus) -> Iterator[str]:
    """Describe each verdict that changed without a reason in one line."""
    yield from (f"FLAKY: {flake}" for flake in status.flaky)


def timing(status: PhaseStatus, plan: PhasePlan) -> Iterator[str]:
    """Show what the newest run took, beside the plan's own durations and its claims."""
    took = status.timings
    if took.actual:
        yield f"took      {_took(took)}"
        if planned := _planned(plan, status.run.start if status.run else None):
            yield f"planned   {planned}"
    if claimed := _claimed(status.claims):
        yield f"claimed   {claimed}"


def used(status: PhaseStatus) -> Iterator[str]:
    """Show what attempts have used of models: in all, in the newest run, by branch; nothing where none was counted."""
    if status.usage is None:
        return
    yield f"used      {spent_of(status)}"
    if status.run_usage is not None and status.run_usage != status.usage:
        yield f"this run  {Spent(usage=status.run_usage, wasted=status.run_wasted)}"
    for branch_id, branch in status.branches.items():
        if branch.usage is not None:
            refused = f"; refused hosts: {', '.join(sorted(branch.usage.refused)[:5])}" if branch.usage.refused else ""
            yield f"          {branch_id}: {spent_of(branch)}{refused}"


def approvals(status: PhaseStatus) -> Iterator[str]:
    """Show what people have approved."""
    yield from (f"approval  {point.words}" for point in status.approvals.values() if point.state == "approved")


def budgets(status: PhaseStatus) -> Iterator[str]:
    """Show what is used and reserved of the budgets that branches share."""
    yield from (f"budget    {budget.words}" for budget in status.budgets.values())


def _took(took: Timings) -> str:
    if not took.agent_utilisation:
        return f"{clock(took.actual)}; no agent ran"
    saved = f"saved {took.saved_ratio:.0%}" if took.saved > 0 else "nothing saved"
    return (
        f"{clock(took.actual)}; one after another {clock(took.sequential)}; {saved}; "
        f"agents busy {took.agent_utilisation:.0%} of the time"
    )


def _planned(plan: PhasePlan, start: Start | None) -> str:
    """Simulate the plan with its own durations; return an empty text if it has none."""
    if not any(e.source in ("branch", "wave", "lines") for e in estimates_of(plan).values()):
        return ""
    simulated = simulate([plan], Question(start=start, runs=1))
    makespan, total = simulated.schedule.makespan, simulated.sequential
    if not makespan or not total:
        return ""
    saved = f"saved {1 - makespan / total:.0%}" if makespan < total else "nothing saved"
    busy = total / (makespan * plan.max_parallel_agents)
    return (
        f"{_about(makespan)} if each branch takes its duration in the plan; one after another {_about(total)}; "
        f"{saved}; agents busy {busy:.0%} of the time ({PROGRAM} simulate)"
    )


def _about(seconds: float) -> str:
    """Write the two largest units: `2d 3h`, `17h`, `45m`."""
    minutes = round(seconds / 60)
    days, hours, left_minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (left_minutes, "m")) if n]
    return " ".join(parts[:2]) or f"{round(seconds)}s"


def _claimed(claims: dict[str, Any]) -> str:
    parts = []
    if duration := claims.get("parallel") or claims.get("duration"):
        parts.append(_span(duration))
    if sequential := claims.get("sequential"):
        parts.append(f"one after another {_span(sequential)}")
    if reduction := claims.get("reduction"):
        parts.append(f"saved {reduction}")
    if utilisation := claims.get("utilisation"):
        parts.append(f"agents busy {utilisation}")
    return "; ".join(parts)


def _span(span: dict[str, int]) -> str:
    low, high = _long(span["low"]), _long(span["high"])
    return low if low == high else f"{low} to {high}"


def _long(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds}s"
