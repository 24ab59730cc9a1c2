"""Reach an engine from the triggerer, by its address or by its name in the engines file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aiodocker
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from docker import DockerClient

from phaseplan.airflow.operators.engines import keys_of
from phaseplan.config.engines import engines
from phaseplan.containers.docker_url import normal
from phaseplan.containers.engine import connect
from phaseplan.containers.engines.address import Keys, open_engine
from phaseplan.errors import PhaseplanError
from phaseplan.plan.engines import EngineEntry


class EngineAddress:
    """Hold how the triggerer reaches one engine; its keys are read here, and never stored.

    :param url: of the engine, where it has no name.
    :param name: in the engines file of the triggerer; empty: none.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._keys: Keys | None = None

    async def resolve(self, say: Callable[[str], None]) -> bool:
        """Find address and keys of a named engine; return False where the triggerer cannot follow there.

        :param say: told why.
        """
        if not self._name:
            return True
        try:
            entry = engines().get(self._name)
            if entry is None or entry.url is None:
                say(f"The triggerer's engines file has no engine {self._name} with an address.")
                return False
            if entry.url.startswith("ssh://"):
                say(f"Engine {self._name} is reached by ssh, over which the triggerer follows no container.")
                return False
            self._url, self._keys = entry.url, await self._read(entry)
        except PhaseplanError as error:
            say(f"Engine {self._name}: {error}")
            return False
        return True

    async def _read(self, entry: EngineEntry) -> Keys | None:
        if entry.connection is None:
            return None
        try:
            connection = await Connection.async_get(entry.connection)
        except AirflowNotFoundException as error:
            raise PhaseplanError(f"there is no Airflow connection `{entry.connection}`") from error
        return keys_of(connection, entry)

    def connect(self) -> DockerClient:
        """Open the engine for calls from a thread.

        :raises EngineUnreachable: it does not answer.
        """
        return open_engine(self._url, self._keys) if self._name else connect(self._url)

    def asynchronous(self) -> aiodocker.Docker:
        """Open the engine for calls from the triggerer's own loop."""
        if self._keys is None:
            return aiodocker.Docker(url=normal(self._url))
        return aiodocker.Docker(url=self._url.replace("tcp://", "https://", 1), ssl_context=self._keys.context())

    def may_answer_later(self) -> bool:
        """Say whether an engine that does not answer now may do so later: a socket that is not there never will."""
        socket = normal(self._url)
        return not socket.startswith("unix://") or Path(socket.removeprefix("unix://")).exists()
