"""Say how an agent ended, and whose doing that was: its own, its provider's, or that of a person or the engine."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.attempt.gateway import Metered
from phaseplan.attempt.job import View
from phaseplan.containers.engine import Found
from phaseplan.containers.log_following import memory_hint
from phaseplan.containers.pid1 import LOST
from phaseplan.ledger.pause.pauses import Proof
from phaseplan.ledger.records import PROVIDER, SHARE, SPENDING, Finding, moment

_WELL = (0, 75)  # exit codes: done, blocked


@dataclass(frozen=True)
class Ending:
    """Hold the end of an agent; the fields are those of `harvested.Harvest`."""

    stopped: str = ""
    away: str = ""
    findings: tuple[Finding, ...] = ()
    retry_after: float | None = None  # seconds
    proof: Proof = ""  # of its provider, for others


def ending(view: View, container: Found, last_line: str, metered: Metered, *, wrote: bool) -> Ending:
    """Judge the end of an agent's container.

    :param metered: what its gateway saw: that counts before what the agent says of itself.
    :param wrote: whether it has changed anything; a command line may exit with 0 although its provider was away.
    """
    seconds = seconds_of(container)
    answered: Proof = "answered" if metered.answers else ""
    if stopped := _stopped(view, container, seconds):
        return Ending(stopped=metered.broken or stopped, proof=answered)  # without its gateway an agent is stopped
    if metered.spent:
        gate = SHARE if metered.shared else SPENDING
        return Ending(findings=(Finding(gate=gate, message=metered.spent),), proof=answered)
    limited = container.oom or container.over_disk
    if not limited and (container.exit_code not in _WELL or not wrote):
        if metered.broken:
            return Ending(stopped=metered.broken, proof=answered)
        if metered.away:
            found = (Finding(gate=PROVIDER, message=metered.away),)
            proof: Proof = "refused" if metered.refused else "away"
            return Ending(away=metered.away, findings=found, retry_after=metered.retry_after, proof=proof)
    if away := _away(view, container, seconds, last_line):
        # A command of one's own says by its code something of this attempt, and nothing of a provider.
        said: Proof = "said" if view.profile.use and not view.profile.gateway else answered
        return Ending(away=away, findings=(Finding(gate=PROVIDER, message=away),), proof=said)
    if not view.profile.gateway:
        answered = "answered"
    return Ending(findings=_exit_findings(view, container, seconds, metered.refusal), proof=answered)


def seconds_of(container: Found) -> float:
    """Return how long an ended container ran; one that lives for a millisecond can have ended before it began."""
    return max(0.0, (moment(container.finished_at) - moment(container.started_at)).total_seconds())


def stopped_from_outside(view: View, container: Found) -> bool:
    """Say whether something ended a container that was neither its agent nor its limits."""
    return container.status == "exited" and bool(_stopped(view, container, seconds_of(container)))


def _stopped(view: View, container: Found, seconds: float) -> str:
    """Say how something from outside ended a container; empty: the agent did, or its limits."""
    in_time = seconds < view.profile.timeout or container.exit_code == LOST
    if container.over_disk or not container.stopped or not in_time:
        return ""
    return f"the agent's container was stopped from outside (exit code {container.exit_code})"


def _away(view: View, container: Found, seconds: float, last_line: str) -> str:
    """Say why an agent could not do its work, where its exit code says that it is not its fault."""
    code, profile = container.exit_code, view.profile
    limited = container.oom or container.over_disk or seconds >= profile.timeout
    if limited or code not in profile.infrastructure_exit_codes:
        return ""
    words = f": {last_line}" if last_line else ""
    return f"the agent has no provider, or lacks something else that is not its work (exit code {code}){words}"


def _exit_findings(view: View, container: Found, seconds: float, refusal: str) -> tuple[Finding, ...]:
    """List why an agent that did not exit with 0 or 75 has failed.

    :param refusal: what its provider answered last, as its gateway saw it: what the agent says itself is in its log.
    """
    code = container.exit_code
    if container.over_disk:
        limit = f"{view.profile.disk >> 20} MiB"
        return (Finding(gate="agent", limit=limit, message=f"the agent was stopped at its disk limit of {limit}"),)
    if code in _WELL:
        return ()
    if container.oom:
        limit = f"{view.profile.memory >> 20} MiB"
        return (Finding(gate="agent", limit=limit, message=f"the agent ran out of memory (limit {limit})"),)
    if seconds >= view.profile.timeout:
        limit = f"{view.profile.timeout} s"
        return (Finding(gate="agent", limit=limit, message=f"the agent was stopped at its time limit of {limit}"),)
    hint = memory_hint(code, container.oom, view.profile.memory)
    why = f": {refusal}" if refusal else hint
    return (Finding(gate="agent", limit="0", actual=str(code), message=f"the agent exited with code {code}{why}"),)
