"""The same Dockerfile built on two engines is one image; what was put into it is told apart all the same."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.images.identity import identity, image_identity
from tests.kills.engine import PrivateEngine

NAME = "phaseplan-test/identity:1"
COPY = "/bin/sh -c #(nop) COPY file:" + "ab" * 32 + " in /tool "
BUILT = {"Os": "linux", "Architecture": "amd64", "Config": {"Cmd": ["/tool"], "Image": "sha256:1"}, "RepoDigests": []}


def facts(layers: str = "a", **more: Any) -> dict[str, Any]:
    return BUILT | {"RootFS": {"Layers": [f"sha256:{layers}"]}} | more


def steps(*commands: str) -> list[dict[str, Any]]:
    return [{"CreatedBy": command, "Created": 1} for command in commands]


def test_dates_and_layers_do_not_count_where_every_step_is_told() -> None:
    told = steps(COPY, "/bin/sh -c apt-get install -y git")
    same = identity(facts("b", Created="2026-01-01T00:00:00Z", Config={"Cmd": ["/tool"], "Image": "sha256:2"}), told)
    assert identity(facts("a"), told) == same


@pytest.mark.parametrize(
    "step", ["", "COPY . /tool # buildkit", "ADD tool / # buildkit", "/bin/sh -c #(nop) ADD tool in / "]
)
def test_layers_count_where_a_step_does_not_say_what_it_put_in(step: str) -> None:
    assert identity(facts("a"), steps(COPY, step)) != identity(facts("b"), steps(COPY, step))
    assert identity(facts("a"), steps(COPY, step)) == identity(facts("a"), steps(COPY, step))


def test_what_was_put_in_what_is_run_and_the_configuration_count() -> None:
    known = identity(facts(), steps(COPY))
    assert known != identity(facts(), steps(COPY.replace("ab" * 32, "cd" * 32)))
    assert known != identity(facts(), steps(COPY, "/bin/sh -c true"))
    assert known != identity(facts(Config={"Cmd": ["/other"]}), steps(COPY))
    assert known != identity(facts(Architecture="arm64"), steps(COPY))


def test_an_image_of_a_registry_is_what_the_registry_calls_it() -> None:
    pulled = facts(RepoDigests=["registry.example.com/tool@sha256:12"])
    assert identity(pulled, steps("COPY x y # buildkit")) == "sha256:12"


@pytest.fixture
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[docker.DockerClient]]:
    made = PrivateEngine(tmp_path_factory.mktemp("other") / "engine")
    clients = [engine.connect(settings().docker_url)]
    try:
        made.start()
        clients.append(engine.connect(made.url))
        yield clients
    finally:
        for client in clients:
            client.api.remove_image(NAME, force=True)
            client.close()
        made.stop()


def built(client: docker.DockerClient, content: bytes, when: int) -> str:
    """Build an image from nothing but a file of some day."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, data in (("Dockerfile", b'FROM scratch\nCOPY tool /tool\nCMD ["/tool"]\n'), ("tool", content)):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), when
            tar.addfile(info, io.BytesIO(data))
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=NAME, nocache=True, rm=True, forcerm=True)
    return image_identity(client, NAME)


@pytest.mark.docker
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("dockerd") is None, reason="a second engine is started by root")
def test_two_engines_that_built_the_same_dockerfile_have_one_image(engines: list[docker.DockerClient]) -> None:
    one, other = engines
    first, second = built(one, b"1", 1_000_000_000), built(other, b"1", 1_700_000_000)
    assert engine.image_digest(one, NAME) != engine.image_digest(other, NAME), "to the engines they are two"
    assert first == second
    assert built(other, b"2", 1_700_000_000) != first
    with pytest.raises(ImageMissing):
        image_identity(one, "phaseplan-test/none:1")
