"""Publish a verdict: result ref, then public name, then remove containers. Each step may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from phaseplan.attempt.inputs import key_of
from phaseplan.attempt.job import Done, Job, View
from phaseplan.attempt.replay import replay
from phaseplan.containers.engine import find, remove
from phaseplan.containers.gateways.gateway import close_found, orphans, remove_agent
from phaseplan.gates.diff import Judged, gate_digest
from phaseplan.ledger import status_log as statuslog
from phaseplan.ledger.attempt_refs import named, publish_result, still_there
from phaseplan.ledger.pause.pauses import Ended
from phaseplan.ledger.pause.pausing import EndReport, alike, saying_so
from phaseplan.ledger.records import Finding, Outcome, Verdict, changed, now
from phaseplan.ledger.refs import public_name
from phaseplan.ledger.rulings import follows, ruling_of
from phaseplan.ledger.write import Snapshot
from phaseplan.merging.predicted_conflicts import warnings_about

if TYPE_CHECKING:
    from phaseplan.attempt.harvested import Harvest


def announce(view: View, word: statuslog.Word, detail: str = "") -> str:
    """Write one status line to the task's log and the mirror file, at once; return it."""
    line = statuslog.status_line(view.plan, view.branch, word, detail=detail)
    view.job.say(line)
    statuslog.mirror(view.job.here.state, view.plan.phase, [line])
    return line


def reuse(view: View, verdict: Verdict) -> Done:
    """Reuse a passed verdict for the same inputs: no container."""
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
    made = harvest.redact.verdict(_verdict(view, attempt, harvest, outcome, tuple(findings), reason, judged))
    if outcome == "failed" and follows((*view.verdicts, made), made.claim, view.plan.attempts):
        replay(view, attempt)
    for finding in made.findings:
        view.job.say(f"FINDING {finding}")
    for note in made.notes:
        view.job.say(f"NOTE {made.branch} {note}")
    lines = _lines(view, made)
    blockers = [statuslog.blocker_line(view.branch, made.reason)] if outcome == "blocked" else []
    statuslog.mirror(view.job.here.state, view.plan.phase, (), blockers)
    work = None if harvest.withheld else harvest.raw
    report = _report(view, made, harvest)
    stands = publish_result(
        *(view.job.repo, view.job.remote, made, made.commit or made.base, lines, blockers),
        kept=work,
        report=report,
        snapshot=view.snapshot,
        branch=view.branch,
    )
    if stands.outcome != made.outcome:
        view.job.say(f"Attempt {attempt} was settled as {stands.outcome} by another process; that stands.")
    if stands.outcome != "passed":  # one that passed is looked at with its name
        still_there(view.job.repo, view.job.remote, stands)
    done = conclude(view, stands, keep_volume=harvest.kept_volume is not None)
    return replace(done, pause=report.standing, event=report.event if stands is made else "")


def _report(view: View, made: Verdict, harvest: Harvest) -> EndReport:
    """Describe what the end of an attempt says of its provider; a second gating of its work says nothing."""
    profile, snapshot, branch = view.profile_name, view.snapshot, view.branch.id
    proof = harvest.proof if made.gating == 1 else ""
    reason = made.reason
    others: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    if proof in ("refused", "away", "said"):
        others = alike(snapshot, view.plan, view.run, profile, branch)
    if proof == "said":  # its own words are an agent's: they are for its own branch
        confirmed = tuple(saying_so(snapshot, made.run, profile, branch))
        agents = " and ".join(sorted({branch, *confirmed})[:3])
        reason = f"the agents of {agents} have no provider (exit code {made.exit_code}): look at its key and network"
    ended = Ended(
        profile=profile,
        run=view.run.id,
        branch=branch,
        attempt=made.attempt,
        proof=proof,
        claimed=snapshot.started[branch][made.attempt].time,
        reason=reason,
        retry_after=made.retry_after if proof != "refused" else None,
        alone=not others,
        confirmed=bool(confirmed),
    )
    return EndReport(view.job.repo, ended)


def over(
    view: View,
    attempt: int,
    claim: str,
    harvest: Harvest,
    outcome: Literal["cancelled", "unfinished"],
    reason: str = "",
) -> None:
    """Record that an attempt ended without a verdict on its work."""
    usual = "stopped before it was done" if outcome == "cancelled" else "its task gave up before it was judged"
    reason = reason or usual
    run = view.snapshot.started[view.branch.id][attempt].run or view.run.id
    kept = tuple(finding for finding in harvest.findings if finding.informs)
    made = harvest.redact.verdict(_verdict(view, attempt, harvest, outcome, kept, reason, None))
    made = changed(made, claim=claim, run=run)
    work = None if harvest.withheld else harvest.raw
    stands = publish_result(view.job.repo, view.job.remote, made, made.base, _lines(view, made), [], kept=work)
    still_there(view.job.repo, view.job.remote, stands)


def conclude(view: View, verdict: Verdict, *, reused: bool = False, keep_volume: bool = False) -> Done:
    """Give the public name, if there is one to give; then remove this attempt's containers and volumes."""
    after = view.snapshot
    if verdict.outcome == "passed":
        given = named(view.job.repo, view.job.remote, view.branch, verdict)
        after = given.snapshot
        word = "Published" if given.has_name else "Somebody else holds the name"
        view.job.say(f"{word} {verdict.name} at {(verdict.commit or '')[:12]}.")
    _remove(view, verdict.attempt, keep_volume)
    if verdict.outcome == "passed" and not reused:
        _warn(view, after)
    return Done(verdict, reused, shares=view.plan.budget is not None and not reused)


def _remove(view: View, attempt: int, keep_volume: bool) -> None:
    """Remove the containers of an attempt, a gateway with its agent, wherever they are."""
    for job in view.job.everywhere():
        _remove_there(view, job, attempt, keep_volume)


def _remove_there(view: View, job: Job, attempt: int, keep_volume: bool) -> None:
    """Remove them from one engine."""
    client, claim = job.client, job.claim
    found = find(client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id)
    of_attempt = [container for container in found if container.labels.attempt == attempt]
    for container in of_attempt:
        if container.labels.role == "agent":  # of this claim, or taken over
            remove_agent(client, container, keep_volume=keep_volume)
        elif container.labels.role != "gateway" and container.labels.claim == claim:
            remove(client, container.id, keep_volume=keep_volume)
    for gateway in orphans(of_attempt):
        close_found(client, gateway)


def _warn(view: View, snapshot: Snapshot) -> None:
    """Report which branches under way this one would conflict with, after all that others wait for is published."""
    for warning in warnings_about(view.job.repo, snapshot, view.plan, view.run.base, view.branch.id):
        view.job.say(str(warning))


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
    before = harvest.before
    # An agent's work that has passed before has a name, which nobody pushed.
    theirs = _pushed_name(view, harvest.raw) if before is None or before.source == "person" else None
    inputs = view.inputs(harvest.base)
    return Verdict(
        phase=view.plan.phase,
        branch=view.branch.id,
        attempt=attempt,
        gating=before.gating + 1 if before else 1,
        run=(claim.run if claim.claim == view.job.claim else "") or view.run.id,
        claim=view.job.claim,
        outcome=outcome,
        reason=reason or next((str(finding) for finding in findings if not finding.informs), ""),
        base=harvest.base,
        raw=None if harvest.withheld else harvest.raw,
        commit=judged.commit if judged else None,
        key=key_of(inputs),
        inputs=inputs,
        run_base=view.run.base,
        gates=gate_digest(view.plan, view.branch, view.gate_profile),
        agent=before.agent if before else view.profile_name,
        exit_code=harvest.exit_code,
        lines=judged.lines if judged else 0,
        findings=findings,
        notes=judged.notes if judged else (),
        source="person" if theirs else "agent",
        name=theirs or (_name(view, attempt, before) if outcome == "passed" else None),
        started=harvest.started or claim.time,
        finished=harvest.finished or now(),
        timings={"agent": round(harvest.seconds, 3)},
        usage=harvest.usage or (before.usage if before else None),
        transcript=harvest.transcript or (before.transcript if before else None),
        retry_after=harvest.retry_after,
    )


def _name(view: View, attempt: int, before: Verdict | None) -> str:
    if before is not None and before.name is not None:
        return before.name
    return public_name(view.branch, view.snapshot.name_number(view.branch, attempt))


def _pushed_name(view: View, raw: str) -> str | None:
    """Return the public name under which a person pushed this very commit; an agent's work has none before."""
    names = [n for n, sha in view.snapshot.taken(view.branch).items() if n > 1 and sha == raw]
    return public_name(view.branch, max(names)) if names else None


def _lines(view: View, made: Verdict) -> list[str]:
    """Return the status lines of the whole attempt: the ledger takes them over from the result."""
    detail = f"{made.lines} lines" if made.outcome == "passed" else made.reason
    detail += f"; {made.notes[0]}" if made.notes else ""
    # Without a workspace no agent began; one whose work is gated again began long ago.
    began = made.gating == 1 and (made.outcome != "blocked" or made.exit_code is not None)
    lines = [statuslog.status_line(view.plan, view.branch, "STARTED", when=made.started)] if began else []
    lines.append(announce(view, ruling_of(made.outcome).word, detail))
    if made.outcome == "failed" and not follows((*view.verdicts, made), made.claim, view.plan.attempts):
        lines.append(announce(view, "ISOLATED", f"attempt {made.attempt} was the last of {view.plan.attempts}"))
    return lines
