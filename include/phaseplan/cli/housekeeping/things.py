"""List what is of no use on the engines and on this disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from phaseplan.cli.housekeeping.items import Item
from phaseplan.cli.housekeeping.phases import Phases
from phaseplan.cli.sources.engines import every_engine
from phaseplan.config.settings import settings
from phaseplan.containers.leftovers import Leftover, discard, leftovers
from phaseplan.errors import Infrastructure
from phaseplan.repository.cache_bound import drop, spare_caches

#: After which what dead tasks left may go. A build gives its image the name at its very end: until then it has none.
_A_DAY = timedelta(days=1)


def on_engines(phases: Phases, now: datetime, days: float, say: Callable[[str], None]) -> Iterator[Item]:
    """Yield what is left on every engine.

    :param days: how old volumes have to be: some hold work that was kept for a person.
    :param say: told of each engine that cannot be looked at.
    :raises Infrastructure: there is only one, and it does not answer.
    """
    age = timedelta(days=days)
    with every_engine(say) as clients:
        for name, client in clients.items():
            try:
                found = list(leftovers(client, phases.done))
            except Infrastructure as error:
                say(f"engine {name}: {error}" if name else str(error))
                continue
            for one in found:
                enough = age if one.kind == "volume" else min(age, _A_DAY) if one.labels else _A_DAY
                if one.since < now - enough:
                    yield Item(one.kind, one.name or "checkout of a gate", _of(one, name), one.since, one.size,
                               partial(_discard, name, one))  # fmt: skip


def _of(one: Leftover, engine: str) -> str:
    labels = one.labels
    words = f"phase {labels.phase}, {labels.branch}, attempt {labels.attempt}" if labels else ""
    return ", ".join(filter(None, (words, f"on {engine}" if engine else "")))


def _discard(engine: str, one: Leftover) -> bool:
    """Free a thing where it was found.

    :raises Infrastructure: that engine does not answer any more.
    """
    troubles: list[str] = []
    with every_engine(troubles.append) as clients:
        if engine not in clients:
            raise Infrastructure("; ".join(troubles) or f"engine {engine} does not answer any more")
        return discard(clients[engine], one)


def caches(before: datetime) -> Iterator[Item]:
    """Yield the caches of repositories that were not used since a time, or that `cache_size` has no room for."""
    for cache in spare_caches(settings().state / "cache", before.timestamp()):
        since = datetime.fromtimestamp(cache.used, UTC)
        yield Item("cache", f"{cache.key}.git", "", since, cache.size, partial(drop, cache))
