"""Open the engines that a verb looks at: that of the setting `docker_url`, and those of the engines file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from phaseplan.config.engines import engines
from phaseplan.config.settings import settings

if TYPE_CHECKING:
    from docker import DockerClient

OWN = "docker_url"  # what the worker's own engine is called beside those of the engines file


@contextmanager
def every_engine(say: Callable[[str], None]) -> Iterator[Mapping[str, DockerClient]]:
    """Yield clients by the names of their engines, none twice; without an engines file one, whose name is empty.

    :param say: told of each engine of the file, and beside one, that does not answer.
    :raises EngineUnreachable: there is no engines file, and the engine does not answer.
    """
    from phaseplan.containers.engine import connect
    from phaseplan.containers.engine_errors import EngineUnreachable

    entries, own = engines(), None
    with ExitStack() as open_:
        try:
            own = open_.enter_context(closing(connect(settings().docker_url)))
        except EngineUnreachable as error:
            if not entries:
                raise
            say(f"engine {OWN}: {error}")
        if own is not None and not entries:
            yield {"": own}
            return
        from phaseplan.airflow.operators.engines import fleet  # Airflow takes its time, and has their certificates

        every = open_.enter_context(closing(fleet(own)))
        found = every.places(lambda words: say(words.removeprefix("Left out: ")))
        yield {place.name or OWN: place.client for place in found}
