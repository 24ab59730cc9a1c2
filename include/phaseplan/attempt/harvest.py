"""Collect an agent's work from its volume and keep it under the attempt ref before it is judged."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Literal

from phaseplan.attempt import beside, publish
from phaseplan.attempt.ending import ending, seconds_of
from phaseplan.attempt.gateway import metered
from phaseplan.attempt.harvested import Harvest
from phaseplan.attempt.job import View
from phaseplan.attempt.secrets import current_secrets, known_secrets
from phaseplan.containers.collect import Collected, collect
from phaseplan.containers.engine import Found, cancel, find, look, remove
from phaseplan.containers.gateways.gateway import close_found, orphans, remove_agent
from phaseplan.containers.log_following import read
from phaseplan.containers.redact import Redactor
from phaseplan.containers.transcript import take
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import keep_attempt
from phaseplan.ledger.records import Finding, moment, now, stamp
from phaseplan.ledger.transcripts import Kept, Said, update_of
from phaseplan.repository.disk import disk_errors
from phaseplan.repository.refusals import Refused


def harvest(view: View, attempt: int, container: Found) -> Harvest:
    """Collect an exited container's commits and keep them under the attempt ref."""
    job, base = view.job, view.snapshot.started[view.branch.id][attempt].base
    secrets = known_secrets(view, container)
    redact = Redactor(secrets)
    with redact.errors(), disk_errors():
        collected = collect(
            job.client,
            image=job.here.collector_image,
            container_id=container.id,
            profile=view.profile,
            labels=view.labels(attempt, "collector"),
            repo=job.repo,
            base=base,
            secret_values=secrets,
            owned=view.branch.owns,
        )
    last = _last_line(view, container, redact)
    with redact.errors():
        raw, transcript = _kept_work(view, attempt, collected, base, _said(view, container, collected, redact))
        kept = beside.keep(view, attempt, collected)
        seen = metered(view, container, redact)
    wrote = collected.raw is None or raw != base or bool(collected.left or collected.beside)
    ended = ending(view, container, last, seen, wrote=wrote)
    return Harvest(
        base=base,
        raw=raw,
        collected=collected.raw is not None,
        withheld=collected.withheld,
        kept_volume=collected.kept_volume,
        findings=(*ended.findings, *collected.findings, *kept, *_kept(collected.kept_volume)),
        exit_code=container.exit_code,
        stopped=ended.stopped,
        last_line=last,
        away=ended.away,
        retry_after=ended.retry_after,
        proof=ended.proof,
        usage=seen.usage,
        transcript=transcript,
        started=stamp(moment(container.started_at)),
        finished=stamp(moment(container.finished_at)),
        seconds=seconds_of(container),
        redact=redact,
    )


def _said(view: View, container: Found, collected: Collected, redact: Redactor) -> Said | None:
    """Take out what the agent said, where its profile wants that kept and no secret keeps its work here."""
    if not view.profile.transcript or collected.withheld:
        return None
    return take(view.job.client, container.id, redact)


def _kept_work(view: View, attempt: int, collected: Collected, base: str, said: Said | None) -> tuple[str, Kept | None]:
    """Keep what came back under the attempt ref, unless a secret is in it, and in the same push what was said.

    :return: the commit that is judged, and how much of what was said is kept.
    """
    job, phase, branch = view.job, view.plan.phase, view.branch.id
    if known := view.snapshot.attempts.get(branch, {}).get(attempt):
        return (
            known,
            said.kept if said else None,
        )  # an earlier start of this task kept both, and died before the verdict
    raw = collected.raw or base
    if collected.withheld:
        return raw, None
    more = [update_of(job.repo, refs.transcript(phase, branch, attempt), said, now())] if said else []
    try:
        raw = keep_attempt(job.repo, job.remote, phase, branch, attempt, raw, *more)
    except Refused as refusal:
        if not more:
            raise
        job.say(f"What the agent said is in this log only, the target will not have it: {refusal.words}")
        raw, said = keep_attempt(job.repo, job.remote, phase, branch, attempt, raw), None
    job.say(f"Collected {raw[:12]}; kept as attempt {attempt}.")
    if said:
        job.say(f"What the agent said: `phaseplan transcript {phase} {branch} --attempt {attempt}`.")
    return raw, said.kept if said else None


def _kept(volume: str | None) -> tuple[Finding, ...]:
    """Report where the work is that did not come back: only a person may throw it away."""
    if volume is None:
        return ()
    told = f"what did not come back is in volume {volume} of the Docker engine; `docker volume rm {volume}` when done"
    return (Finding(gate="kept", message=told),)


def of_attempt(view: View, attempt: int) -> Harvest | None:
    """Return the harvest of an attempt whose container is gone but whose work was kept."""
    raw = view.snapshot.attempts.get(view.branch.id, {}).get(attempt)
    if raw is None:
        return None
    base, redact = (
        view.snapshot.started[view.branch.id][attempt].base,
        Redactor(current_secrets(view)),
    )
    return Harvest(base=base, raw=raw, findings=beside.found(view, attempt), redact=redact)


def of_nothing(view: View, attempt: int) -> Harvest:
    """Return the harvest of an attempt of which nothing can be had: its workspace as it was given."""
    base = view.snapshot.started[view.branch.id][attempt].base
    return Harvest(base=base, raw=base, collected=False, withheld=True, redact=Redactor(current_secrets(view)))


def _last_line(view: View, container: Found, redact: Redactor) -> str:
    """Return the agent's last line, without secrets; only the log's end is read."""
    said = [""]
    keep = partial(said.__setitem__, 0)
    read(view.job.client, container.id, lambda line: keep(line) if line.strip() else None, redact, tail=50)
    return said[0][:500]


def left_seconds(view: View, container: Found) -> float:
    """Return how many seconds an agent that runs may go on."""
    return max(1.0, view.profile.timeout - (time.time() - moment(container.started_at).timestamp()))


def stop_foreign(view: View, spare: str = "") -> None:
    """Stop what another claim left of this branch; its work is kept, its attempt called cancelled.

    :param spare: a container that this claim takes over.
    """
    for job in view.job.everywhere():
        _stop_foreign(replace(view, job=job), spare)


def _stop_foreign(view: View, spare: str) -> None:
    """Stop what is on one engine."""
    job = view.job
    found = find(job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id)
    for container in found:
        if container.labels.claim == job.claim or container.id == spare:
            continue
        if container.labels.role == "agent":
            put_away(view, container)
        elif container.labels.role != "gateway":  # that goes with its agent
            remove(job.client, container.id)
    for gateway in orphans(found):
        if gateway.labels.claim != job.claim:
            close_found(job.client, gateway)


def _has_work(view: View, attempt: int) -> bool:
    """Say whether the target has what an attempt made."""
    return attempt in view.snapshot.attempts.get(view.branch.id, {})


def put_away(view: View, container: Found, outcome: Literal["cancelled", "unfinished"] | None = None) -> None:
    """Put away an agent that no task follows any more; whatever it has done is kept, and its attempt is over.

    The verdict is published under the container's own claim: a process of that claim that still runs somewhere loses
    the race for the result, and so can publish nothing.

    :param outcome: why it is put away; None: judged by how it was found. One that still ran, or was stopped, was
        cancelled; one that had ended was given up by a task for want of infrastructure.
    """
    job, attempt = view.job, container.labels.attempt
    judged = any(v.attempt == attempt for v in view.verdicts)
    known = attempt in view.snapshot.started.get(view.branch.id, {})
    ran = container.status == "running"
    if ran:
        cancel(job.client, container.id)
        container = look(job.client, container.id)
    kept = None
    if container.status == "exited" and known and not (judged and _has_work(view, attempt)):
        done = harvest(view, attempt, container)
        kept = done.kept_volume
        stopped = ran or container.cancelled or container.stopped
        over: Literal["cancelled", "unfinished"] = outcome or ("cancelled" if stopped else "unfinished")
        if not judged:  # else it was closed while its engine could not be asked, and its work is kept all the same
            publish.over(view, attempt, container.labels.claim, done, over)
    remove_agent(job.client, container, keep_volume=kept is not None)
