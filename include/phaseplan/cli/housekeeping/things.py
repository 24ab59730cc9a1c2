"""List what is of no use on the engine and on this disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

from phaseplan.cli.housekeeping.items import Item
from phaseplan.cli.housekeeping.phases import Phases
from phaseplan.config.settings import settings
from phaseplan.containers.engine import connect
from phaseplan.containers.leftovers import Leftover, discard, leftovers
from phaseplan.repository.cache_bound import drop, spare_caches

#: After which what dead tasks left may go. A build gives its image the name at its very end: until then it has none.
_A_DAY = timedelta(days=1)


def on_engine(phases: Phases, now: datetime, days: float) -> Iterator[Item]:
    """Yield what is left on the engine.

    :param days: how old volumes have to be: some hold work that was kept for a person.
    :raises Infrastructure: it does not answer.
    """
    url, age = settings().docker_url, timedelta(days=days)
    with closing(connect(url)) as client:
        for one in leftovers(client, phases.done):
            enough = age if one.kind == "volume" else min(age, _A_DAY) if one.labels else _A_DAY
            if one.since < now - enough:
                yield Item(one.kind, one.name or "checkout of a gate", _of(one), one.since, one.size,
                           partial(_discard, url, one))  # fmt: skip


def _of(one: Leftover) -> str:
    labels = one.labels
    return f"phase {labels.phase}, {labels.branch}, attempt {labels.attempt}" if labels else ""


def _discard(url: str, one: Leftover) -> bool:
    with closing(connect(url)) as client:
        return discard(client, one)


def caches(before: datetime) -> Iterator[Item]:
    """Yield the caches of repositories that were not used since a time, or that `cache_size` has no room for."""
    for cache in spare_caches(settings().state / "cache", before.timestamp()):
        since = datetime.fromtimestamp(cache.used, UTC)
        yield Item("cache", f"{cache.key}.git", "", since, cache.size, partial(drop, cache))
