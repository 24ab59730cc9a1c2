"""Say what follows from everything that can happen to a branch: the table of docs/design/states.md, the only one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from phaseplan.ledger.records import SPENDING, Cause, Finding, Outcome, State, Verdict, What
from phaseplan.ledger.status_log import Word

Event = Literal[
    "passed", "failed", "blocked", "infrastructure", "cancelled", "conflict", "wave_gate", "taken_out", "outdated"
]


@dataclass(frozen=True)
class Ruling:
    """Hold what follows from one kind of event.

    :param outcome: what the attempt's verdict says; None where integration decides about an attempt that passed.
    :param state: of the branch, while nothing newer is known.
    :param deed: what the history says of a run that leaves the branch so.
    :param consumes: whether one of the plan's `attempts` is used up.
    :param task: how the branch's Airflow task ends, once no attempt follows.
    """

    outcome: Outcome | None
    state: State
    deed: What
    word: Word
    task: Literal["succeeds", "fails", "skips", "retries"]
    consumes: bool = False
    cause: Cause | None = None


RULINGS: dict[Event, Ruling] = {
    "passed": Ruling("passed", State.PASSED, "waiting", "COMPLETED", "succeeds"),
    "failed": Ruling("failed", State.ISOLATED, "isolated", "FAILED", "fails", consumes=True, cause="failed"),
    "blocked": Ruling("blocked", State.BLOCKED, "blocked", "BLOCKED", "skips"),
    "infrastructure": Ruling("unfinished", State.UNFINISHED, "unfinished", "UNFINISHED", "retries"),
    "cancelled": Ruling("cancelled", State.CANCELLED, "cancelled", "CANCELLED", "skips"),
    "conflict": Ruling(None, State.ISOLATED, "isolated", "ISOLATED", "succeeds", cause="conflict"),
    "wave_gate": Ruling(None, State.ISOLATED, "isolated", "ISOLATED", "succeeds", cause="wave_gate"),
    "taken_out": Ruling(None, State.ISOLATED, "isolated", "ISOLATED", "succeeds", cause="taken_out"),
    "outdated": Ruling(None, State.PENDING, "waiting", "OUTDATED", "succeeds", cause="outdated"),
}

#: States that hold dependents back; a pending or running dependency may still come.
OUT = tuple(dict.fromkeys(r.state for r in RULINGS.values() if r.state not in (State.PASSED, State.PENDING)))
#: States in which a branch's work is there for those that need it.
READY = (State.PASSED, State.INTEGRATED)
#: Causes for which a commit that passed its own gates is out all the same: integration's.
STOPPED = tuple(r.cause for r in RULINGS.values() if r.outcome is None)
#: What the history says of a branch in one of the states that are out.
DEEDS: dict[State, What] = {r.state: r.deed for r in RULINGS.values() if r.state in OUT}

_BY_OUTCOME = {ruling.outcome: ruling for ruling in RULINGS.values() if ruling.outcome}


def ruling_of(outcome: Outcome) -> Ruling:
    """Return what follows from an attempt's verdict."""
    return _BY_OUTCOME[outcome]


@dataclass(frozen=True)
class Evidence:
    """Hold what is known about an attempt when its agent has ended.

    :param exit_code: the agent's; None: its container is gone and only its work was kept.
    :param stopped: how the container ended, where something from outside ended it and not the agent or its limits.
    :param away: what the agent needs and does not have, where it says so: its provider, most often.
    """

    exit_code: int | None
    stopped: str
    findings: tuple[Finding, ...]
    last_line: str = ""
    away: str = ""


def decide(evidence: Evidence) -> tuple[Outcome, str]:
    """Decide the outcome of an attempt; return it with the reason in one line."""
    if evidence.stopped:
        return "unfinished", evidence.stopped
    if evidence.away:
        return "unfinished", evidence.away
    if evidence.exit_code == 75:
        return "blocked", evidence.last_line or "it did not say on what"
    if against := [finding for finding in evidence.findings if not finding.informs]:
        return "failed", str(against[0])
    return "passed", ""


def spent(verdicts: Iterable[Verdict], claim: str) -> int:
    """Count the attempts that this claim has used up. A Clear makes a new claim, and so a fresh budget.

    An attempt of an earlier claim that was only gated again is none of this claim.
    """
    return sum(ruling_of(v.outcome).consumes for v in verdicts if v.claim == claim and v.gating == 1)


def follows(verdicts: Iterable[Verdict], claim: str, attempts: int) -> bool:
    """Say whether another attempt is due under the claim that made the newest of these verdicts.

    Infrastructure that gave up consumed nothing, so the Airflow try that comes back begins anew; Airflow's retries
    bound how often. An attempt that has spent the branch's budget is the last.
    """
    own = [v for v in verdicts if v.claim == claim]
    if not own:
        return True
    if any(finding.gate == SPENDING for finding in own[-1].findings):
        return False
    newest = own[-1].outcome
    return newest == "unfinished" or (newest == "failed" and spent(own, claim) < attempts)
