"""Clean up containers that outlived their run: remove gates, stop agents and keep them for the next run to collect."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from phaseplan.config.engines import engines
from phaseplan.errors import Infrastructure, InputFault, PhaseplanError


@contextmanager
def _found(url: str, runs: Collection[str]) -> Iterator[list[Any]]:
    """Find all containers that tasks of these runs made; none if no engine answers.

    The claim on a container begins with the run that made it, and run ids are never used twice.
    """
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client = _client(url)
    except (DockerException, PhaseplanError):
        yield []
        return
    try:
        try:
            made = client.containers.list(all=True, filters={"label": "phaseplan.claim"}, ignore_removed=True)
        except (DockerException, RequestException):
            made = []
        yield [c for c in made if _made_by(c.labels["phaseplan.claim"], runs)]
    finally:
        client.close()


def _made_by(claim: object, runs: Collection[str]) -> bool:
    """Say whether a claim is of one of these runs: a gate has the run's id, a branch its number of tries behind it."""
    return str(claim).partition("/")[0] in runs


def places(docker_url: str) -> list[str]:
    """List where containers of a run may be: the address of `docker_url`, and names of the engines file."""
    try:
        return [docker_url, *(name for name, entry in engines().items() if entry.url)]
    except InputFault:
        return [docker_url]


def _client(place: str) -> Any:
    """Open an engine by its address, or by its name in the engines file."""
    import docker  # only a run that may have started containers pays for the import

    if "://" in place:
        return docker.DockerClient(base_url=place, timeout=20)
    from phaseplan.airflow.operators.engines import opened

    return opened(engines()[place])


def wait(url: str, runs: Collection[str], seconds: float) -> None:
    """Give the tasks' own way of stopping their containers some time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with _found(url, runs) as containers:
            if not any(c.status == "running" for c in containers):
                return
        time.sleep(0.5)


def clear(url: str, runs: Collection[str]) -> list[str]:
    """Stop every container of these runs and remove what holds no work.

    :return: names of the stopped agents that are kept: what they wrote is in their volumes, and the next run of the
        phase collects it as `cancelled`.
    """
    from docker.errors import APIError

    kept = []
    with _found(url, runs) as containers:
        for container in sorted(containers, key=lambda c: c.labels.get("phaseplan.role") == "gateway"):
            try:
                role = container.labels.get("phaseplan.role")
                if role == "gateway":
                    container.stop(timeout=2)  # it goes with its agent, when what it counted is read
                elif role == "agent":
                    if container.status in ("running", "restarting", "paused"):
                        kept.append(_cancel(container))
                    else:
                        kept.append(str(container.name))
                else:
                    container.remove(force=True, v=True)
            except APIError as error:
                if error.status_code not in (404, 409):  # gone, or somebody else is removing it
                    kept.append(f"{container.name} ({error.explanation})")
            except Infrastructure as error:
                kept.append(f"{container.name} ({error})")
    _images(url, runs)
    return kept


def _cancel(container: Any) -> str:
    """Stop an agent. Its name records that first, because a stopped agent may end with exit code 0."""
    from phaseplan.containers.engine import cancel

    cancel(container.client, container.id, grace=5)
    container.reload()
    return str(container.name)


def _images(url: str, runs: Collection[str]) -> None:
    """Remove the checkouts that these runs' gates began from; what cannot go now, the next run removes."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    with suppress(DockerException, RequestException, PhaseplanError), closing(_client(url)) as client:
        for image in client.api.images(filters={"label": "phaseplan.gating"}):
            if _made_by((image["Labels"] or {}).get("phaseplan.claim"), runs):
                client.api.remove_image(image["Id"], force=True, noprune=True)
