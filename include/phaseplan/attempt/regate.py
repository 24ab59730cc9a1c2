"""Gate a kept attempt again, before an agent is paid, where nothing but its gates has changed.

A person raises a limit, or mends a command, and the work is there. The second gating has a result of its own,
`results/<branch>/<n>.<gating>`, and uses up no attempt: if it fails too, an agent begins as it would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from phaseplan.attempt.harvest import of_attempt
from phaseplan.attempt.inputs import outdated
from phaseplan.attempt.job import Done, Running, View
from phaseplan.attempt.judge import judge
from phaseplan.errors import Bug
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.records import Verdict

#: Findings that another gating of the same commit makes anew. What an agent did besides, it did: a bad exit, a secret.
_OF_GATES = frozenset({"budget", "ownership", "required", "markers", "shared", "scratch", "commands"})


def kept(view: View, inputs: Mapping[str, str]) -> Verdict | None:
    """Find the newest judged attempt whose work is there and which only its gates would judge otherwise now.

    :param inputs: of the workspace that an agent would get.
    """
    newest = next((v for v in reversed(view.verdicts) if v.outcome in ("failed", "passed")), None)
    if newest is None or newest.raw is None or not _wanted(view):
        return None
    if view.snapshot.attempts.get(view.branch.id, {}).get(newest.attempt) != newest.raw:
        return None
    if newest.exit_code or any(not f.informs and f.gate not in _OF_GATES for f in newest.findings):
        return None
    return newest if _only_gates(view, newest, inputs) else None


def gate(view: View, verdict: Verdict) -> Running | Done:
    """Judge it once more. Called again after a crash or a deferral, it takes the same gating up."""
    found = of_attempt(view, verdict.attempt)
    if found is None:
        raise Bug(f"{view.branch.id}: attempt {verdict.attempt} was to be gated again and its ref is gone")
    view.job.say(f"Only the gates have changed since attempt {verdict.attempt}: its work is gated again, not built.")
    again = replace(
        found,
        exit_code=verdict.exit_code,
        started=verdict.started,
        finished=verdict.finished,
        seconds=verdict.timings.get("agent", 0.0),
        before=_counted(view, verdict),
    )
    return judge(view, verdict.attempt, again)


def _counted(view: View, verdict: Verdict) -> Verdict:
    """Return the verdict with the newest number of a gating: the ledger may have counted further than the results."""
    record = view.record
    counted = record.gating if record is not None and record.attempt == verdict.attempt else 0
    return verdict.model_copy(update={"gating": max(verdict.gating, counted)})


def _wanted(view: View) -> bool:
    """Say whether the run may keep the work: not if it asks for new work, nor if integration took the branch out."""
    record, due = view.record, view.run.due.get(view.branch.id)
    outdated_ = (record is not None and record.cause == "outdated") or (due is not None and due.kind == "build")
    return view.run.rebuild != "always" and not view.snapshot.stopped(view.branch.id) and not outdated_


def _only_gates(view: View, verdict: Verdict, inputs: Mapping[str, str]) -> bool:
    """Say whether an agent would begin from the same, and would be judged by something else."""
    then = verdict.inputs
    if outdated(view.inputs(verdict.base, schemes.readable(then)), verdict) or inputs["tree"] != then.get("tree"):
        return False
    return schemes.of(then) != schemes.CURRENT or any(inputs[n] != then.get(n) for n in ("gates", "version"))
