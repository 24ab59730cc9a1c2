"""Send one message a night to the notifiers that are configured so, and none where nothing has changed."""

from __future__ import annotations

import logging
from typing import Any

from phaseplan.airflow.operators.notify import about_night, digest_notifiers, send
from phaseplan.errors import Infrastructure
from phaseplan.ledger.night_news import is_news, news
from phaseplan.ledger.read import read
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

log = logging.getLogger(__name__)


def tell_night(context: Any, repo: GitRepo, remote: Remote, phase: int, known: PhasePlan | None = None) -> None:
    """Send the digest of the run that has just ended; a message may get lost, and fails no task.

    :param known: the plan of that run, where the caller has it: the target is not asked if no notifier wants a digest.
    """
    if known is not None and not list(digest_notifiers(known.notify)):
        return
    try:
        seen = read(repo, remote, phase, nights=True, logs=False)
    except Infrastructure as error:
        log.warning("The night cannot be read, so there is no digest: %s", error)
        return
    if seen.pinned is None or not seen.nights:
        return
    plan, tonight = seen.pinned.plan, seen.nights[-1]
    notifiers = list(digest_notifiers(plan.notify))
    if not notifiers:
        return
    before = seen.nights[-2] if len(seen.nights) > 1 else None
    if not is_news(tonight, before):
        log.info("Nothing has changed since the night before: no digest is sent.")
        return
    send(context, notifiers, about_night(plan, news(f"Phase {plan.phase} {plan.title}", tonight, before)), "digest")
