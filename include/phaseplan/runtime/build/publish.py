"""Verdicts made public: result ref, then public name, then the engine is tidied. Each may be done twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from include.phaseplan.runtime import statuslog
from include.phaseplan.runtime.build.inputs import key_of
from include.phaseplan.runtime.build.job import Done, View
from include.phaseplan.runtime.engine import find, remove
from include.phaseplan.runtime.gates.diff import Judged, gate_digest
from include.phaseplan.runtime.records import Finding, Outcome, Verdict, now
from include.phaseplan.runtime.refs import public_name
from include.phaseplan.runtime.results import publish_name, publish_result

if TYPE_CHECKING:
    from include.phaseplan.runtime.build.harvest import Harvest

_WORDS: dict[Outcome, statuslog.Word] = {
    "passed": "COMPLETED",
    "failed": "FAILED",
    "blocked": "BLOCKED",
    "cancelled": "CANCELLED",
    "unfinished": "UNFINISHED",
}


def announce(view: View, word: statuslog.Word, detail: str = "") -> str:
    """Write one status line to the task's log and the mirror file, at once; returns it."""
    line = statuslog.status_line(view.plan, view.branch, word, detail=detail)
    view.job.say(line)
    statuslog.mirror(view.job.here.state, view.plan.phase, [line])
    return line


def reuse(view: View, verdict: Verdict) -> Done:
    """A passed verdict for the same inputs: no container."""
    announce(view, "REUSED", f"attempt {verdict.attempt}")
    return conclude(view, verdict, reused=True)


def verdict(
    view: View,
    attempt: int,
    harvest: Harvest,
    *,
    outcome: Outcome,
    findings: Sequence[Finding] = (),
    reason: str = "",
    judged: Judged | None = None,
) -> Done:
    """Publish what was decided about one attempt."""
    made = _verdict(view, attempt, harvest, outcome, tuple(findings), reason, judged)
    for finding in made.findings:
        view.job.say(f"FINDING {finding}")
    lines = _lines(view, made)
    blockers = [statuslog.blocker_line(view.branch, made.reason)] if outcome == "blocked" else []
    statuslog.mirror(view.job.here.state, view.plan.phase, (), blockers)
    publish_result(view.job.repo, view.job.remote, made, made.commit or made.base, lines, blockers)
    return conclude(view, made, keep_volume=harvest.kept_volume is not None)


def cancelled(view: View, attempt: int, claim: str, harvest: Harvest) -> None:
    """Record that somebody stopped an attempt."""
    made = _verdict(view, attempt, harvest, "cancelled", (), "stopped before it was done", None)
    made = made.model_copy(update={"claim": claim})
    publish_result(view.job.repo, view.job.remote, made, made.base, _lines(view, made), [])


def conclude(view: View, verdict: Verdict, *, reused: bool = False, keep_volume: bool = False) -> Done:
    """The public name, where there is one to give; then remove this attempt's containers and volumes."""
    if verdict.outcome == "passed":
        named = publish_name(view.job.repo, view.job.remote, view.branch, verdict)
        word = "Published" if named else "Somebody else holds the name"
        view.job.say(f"{word} {verdict.name} at {(verdict.commit or '')[:12]}.")
    for container in find(view.job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id):
        if container.labels.attempt == verdict.attempt and container.labels.claim == view.job.claim:
            remove(view.job.client, container.id, keep_volume=keep_volume)
    return Done(verdict, reused)


def _verdict(
    view: View,
    attempt: int,
    harvest: Harvest,
    outcome: Outcome,
    findings: tuple[Finding, ...],
    reason: str,
    judged: Judged | None,
) -> Verdict:
    claim = view.snapshot.started[view.branch.id][attempt]
    return Verdict(
        phase=view.plan.phase,
        branch=view.branch.id,
        attempt=attempt,
        run=view.run.id,
        claim=view.job.claim,
        outcome=outcome,
        reason=reason or (str(findings[0]) if findings else ""),
        base=harvest.base,
        raw=None if harvest.withheld else harvest.raw,
        commit=judged.commit if judged else None,
        key=key_of(view, harvest.base),
        gates=gate_digest(view.plan, view.branch, view.gate_profile),
        agent=view.profile_name,
        exit_code=harvest.exit_code,
        lines=judged.lines if judged else 0,
        findings=findings,
        name=public_name(view.branch, attempt) if outcome == "passed" else None,
        started=harvest.started or claim.time,
        finished=harvest.finished or now(),
        timings={"agent": round(harvest.seconds, 3)},
    )


def _lines(view: View, made: Verdict) -> list[str]:
    """Status lines of the whole attempt: the ledger takes them over from the result."""
    detail = f"{made.lines} lines" if made.outcome == "passed" else made.reason
    begun = statuslog.status_line(view.plan, view.branch, "STARTED", when=made.started)
    return [begun, announce(view, _WORDS[made.outcome], detail)]
