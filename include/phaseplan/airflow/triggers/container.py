"""Wait for one container in the triggerer: pass its log lines on, and end with an event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import aiodocker
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from phaseplan.airflow.operators.secrets import field_of, shared_key
from phaseplan.airflow.triggers.bursts import Bursts
from phaseplan.airflow.triggers.engine_address import EngineAddress
from phaseplan.airflow.triggers.log_pipe import arrived
from phaseplan.attempt.cancel import cancel
from phaseplan.config.settings import settings
from phaseplan.containers.disk_usage import INTERVAL, USAGE
from phaseplan.containers.engine import OVER_DISK
from phaseplan.containers.engine import cancel as stop
from phaseplan.containers.engine import stop as end
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.gateways.watch import GatewayWatch
from phaseplan.containers.given_secrets import given
from phaseplan.containers.identity import engine_of
from phaseplan.containers.lines import Lines
from phaseplan.containers.lost_end import settle
from phaseplan.containers.redact import Redactor
from phaseplan.errors import PhaseplanError
from phaseplan.plan.agents import SecretSource
from phaseplan.text.excerpt import FIRST
from phaseplan.text.shown import one_line

#: The event is held back until so many seconds after the deferral. A loaded scheduler (Airflow 3.3.2) may queue the
#: resumed task before it has seen the deferring process end, takes that end for a failure, and uses up a retry.
_SEEN_SECONDS = 2.0
#: A log that broke off is taken up again this often; the container itself is asked in between.
_RETRY_SECONDS = 2.0
AWAY = 60.0  # seconds for which an engine of the engines file is asked again before the task is
SILENT = "an engine that does not answer"  # status of an event, of an engine of the engines file
ELSEWHERE = "on an engine that the triggerer does not reach"  # status of an event: nothing is known of the container


class ContainerTrigger(BaseTrigger):
    """Fire when a container has exited, was removed, or ran out of time (then stop the container).

    One that waits again for the same container shows its log from the beginning: Airflow 3.3.2 opens a trigger's file
    anew at each deferral of one try.

    Everything a resume needs is found again by labels and refs; the event is only a hint.

    :param docker_url: the engine, as a worker reaches it, if it is the worker's own.
    :param named: name of the engine in the engines file; empty: it is at `docker_url`.
    :param container_id: the container, and the only one this trigger ever stops.
    :param phase: phase of the branch, for `on_kill`.
    :param branch: branch id, for `on_kill`.
    :param repository: the plan's own repository, or None for the configured one.
    :param deadline: seconds since 1970 after which the container is stopped.
    :param since: only log lines from this second on.
    :param secrets: variables with the `SecretSource.reference` of what must not show in the log.
    :param gateway: whether the container's agent has a gateway: what that says is shown, its end stops the agent.
    :param probe: whether others wait for the first answer of its provider: fire then, too.
    :param engine: id of the engine that has the container; another one at this address is not asked. Empty: any.
    :param disk: bytes after which the container is stopped; 0: no limit.
    """

    def __init__(
        self,
        *,
        docker_url: str,
        container_id: str,
        phase: int,
        branch: str,
        repository: str | None,
        deadline: float,
        since: int = 0,
        secrets: tuple[tuple[str, str], ...] = (),
        gateway: bool = False,
        disk: int = 0,
        probe: bool = False,
        engine: str = "",
        named: str = "",
    ) -> None:
        super().__init__()
        self.docker_url = docker_url
        self.container_id = container_id
        self.phase = phase
        self.branch = branch
        self.repository = repository
        self.deadline = deadline
        self.since = since
        self.secrets = tuple((variable, reference) for variable, reference in secrets)
        self.gateway = gateway
        self.disk = disk
        self.probe = probe
        self.engine = engine
        self.named = named
        self._address = EngineAddress(docker_url, named)
        self._gateway = GatewayWatch(container_id)
        self._answered = asyncio.Event()
        self._redact = Redactor(())
        self._lines = 0  # of the log that were read, and are shown
        self._bursts = Bursts(partial(self.log.info, "%s"))

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of this class and the arguments that make it again; no secret is in them."""
        place = ("docker_url", "container_id", "phase", "branch", "repository", "deadline")
        fields = (*place, "since", "secrets", "gateway", "disk", "probe", "engine", "named")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in fields}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Follow the log until the container ends; where that cannot be done from here, say so at once."""
        reached = await self._address.resolve(self.log.warning)
        if not reached or (self.engine and not await asyncio.to_thread(self._is_here)):
            yield TriggerEvent({"container": self.container_id, "status": ELSEWHERE, "lines": 0})
            return
        seen = asyncio.create_task(asyncio.sleep(_SEEN_SECONDS))
        async with self._address.asynchronous() as docker:
            self._redact = Redactor([*await self._passwords(), *await asyncio.to_thread(self._given)])
            log = asyncio.create_task(self._follow(docker, self._redact))
            watch = asyncio.create_task(self._watch())
            try:
                status = await self._first(docker)
                # The engine closes the log right after the end; a log that hangs must not hold the branch.
                await asyncio.wait({log}, timeout=5 if status != "answered" else 0)
                await seen
            finally:
                log.cancel()
                watch.cancel()
                seen.cancel()
                self._bursts.flush()
        await arrived(self.log)
        shown = {"lines": self._lines, "gateway": self._gateway.place.stamp}
        yield TriggerEvent({"container": self.container_id, "status": status, **shown})

    async def _first(self, docker: aiodocker.Docker) -> str:
        """Wait for the container's end, or for its provider's first answer."""
        ended = asyncio.create_task(self._ended(docker))
        answered = asyncio.create_task(self._answered.wait())
        try:
            await asyncio.wait({ended, answered}, return_when=asyncio.FIRST_COMPLETED)
            return ended.result() if ended.done() else "answered"
        finally:
            ended.cancel()
            answered.cancel()

    def _is_here(self) -> bool:
        """Say whether the engine at our address is the container's; one that is away now is asked again later."""
        try:
            with closing(self._address.connect()) as client:
                found = engine_of(client)
        except EngineUnreachable:
            return self._address.may_answer_later()
        if found.id == self.engine:
            return True
        self.log.warning("The triggerer's engine is %s, the container's another: its worker follows it.", found)
        return False

    async def _ended(self, docker: aiodocker.Docker) -> str:
        """Wait for the end; an engine that is away for a while is asked again.

        One of the engines file that stays away is left to the task, which tells the container's from the engine's end.
        """
        silent = 0.0  # since when
        while True:
            container = docker.containers.container(self.container_id)
            try:
                if silent:
                    await container.show()
                    silent = 0.0
                await container.wait(timeout=max(1.0, self.deadline - time.time()))
                return "exited"
            except aiodocker.exceptions.DockerError as error:
                if error.status == 404:
                    return "gone"
                silent = silent or time.monotonic()  # a connection that fails is such an error, too
                if self._given_up(silent):
                    return SILENT
                await asyncio.sleep(_RETRY_SECONDS)
            except TimeoutError:
                if time.time() >= self.deadline:
                    self.log.error("The time limit is up: stopping the container.")
                    await container.stop(timeout=10)
            except OSError as error:
                silent = silent or time.monotonic()
                if self._given_up(silent):
                    return SILENT
                self.log.warning("The Docker engine does not answer (%s); asking again.", error)
                await asyncio.sleep(_RETRY_SECONDS)

    def _given_up(self, silent: float) -> bool:
        """Say whether an engine of the engines file has not answered for too long; another is waited for."""
        return bool(self.named) and time.monotonic() - silent > AWAY

    async def _watch(self) -> None:
        """Watch for what the engine does not do by itself: a missed end, and a container that has written too much."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                if await asyncio.to_thread(self._look):
                    self._answered.set()
            except PhaseplanError as error:
                self.log.warning("How the container fares cannot be said now: %s", error)

    def _look(self) -> bool:
        """Look once; return whether a probe's provider has answered."""
        client = self._address.connect()
        try:
            settle(client, self.container_id)
            if self.gateway and not self._gateway.works(client, partial(self.log.info, "%s"), self._redact):
                self.log.error("Its gateway has ended: stopping the container.")
                end(client, self.container_id)
            if self.disk and (size := USAGE.of(client, self.container_id)) > self.disk:
                self.log.error("It has written %s MiB, more than its disk limit: stopping the container.", size >> 20)
                stop(client, self.container_id, why=OVER_DISK)
            return self.probe and self._gateway.answered(client)
        finally:
            client.close()

    async def _follow(self, docker: aiodocker.Docker, redact: Redactor) -> None:
        """Copy log lines to the task's log; one piece at a time, so memory does not grow with the log.

        After FIRST lines it stops: all triggers share this process. The task shows the end when it resumes.
        """
        lines = Lines(redact)
        container = docker.containers.container(self.container_id)
        try:
            async for piece in container.log(stdout=True, stderr=True, follow=True, since=self.since):
                for line in self._counted(lines.feed(piece)):
                    self._bursts.add(one_line(line))
                if self._lines >= FIRST:
                    self._bursts.add(
                        f"[{self._lines} lines are shown; what follows is shown when the container has ended]"
                    )
                    return
                await asyncio.sleep(0)
        except (aiodocker.exceptions.DockerError, OSError) as error:
            self.log.warning("The container's log broke off: %s", error)
        for line in self._counted(lines.rest()):
            self._bursts.add(one_line(line))

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self._lines += 1
            yield line

    async def _passwords(self) -> list[str]:
        """Read the secrets' values; asking for them also makes Airflow mask them."""
        found = []
        for variable, reference in self.secrets:
            source = SecretSource.parse(reference)
            try:
                found.append(field_of(await Connection.async_get(source.connection), source))
            except AirflowNotFoundException:
                self.log.warning("Connection %s, the source of %s, is gone.", source.connection, variable)
        return [value for value in found if value]

    def _given(self) -> tuple[str, ...]:
        """Read the values that the container was given, which may differ from the present secrets."""
        sources = {variable: SecretSource.parse(reference) for variable, reference in self.secrets}
        if not sources:
            return ()
        try:
            with closing(self._address.connect()) as client:
                return given(client, self.container_id, sources, settings().state, shared_key()) or ()
        except PhaseplanError:  # the engine is away, or the container is gone
            return ()

    async def on_kill(self) -> None:
        """Stop this very container after the user stopped the task; keep its work as cancelled."""
        await self._address.resolve(self.log.warning)
        await asyncio.to_thread(self._cancel)

    def _cancel(self) -> None:
        with closing(self._address.connect()) as client:
            cancel(client, self.phase, self.branch, self.container_id, self.repository, shared_key())
