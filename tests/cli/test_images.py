"""`phaseplan images`: what an engine lacks is named with the next step, and built under the name that is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import docker
import docker.errors
import pytest

from phaseplan.cli.main import main
from phaseplan.config.settings import settings
from phaseplan.containers import engine

pytestmark = pytest.mark.docker
IMAGE = "phaseplan-test/gateway:images"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """The engine, on which the gateway's image has another name than usual, and is missing."""
    made = engine.connect(settings().docker_url)
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__GATEWAY_IMAGE", IMAGE)
    yield made
    with suppress(docker.errors.ImageNotFound):
        made.images.remove(IMAGE, force=True)
    made.close()


def test_what_is_missing_is_named_and_built(client: docker.DockerClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images"]) == 1
    listed = capsys.readouterr().out
    assert f"gateway         {IMAGE}" in listed and listed.endswith("\nNext: ./phaseplan images build gateway\n")
    assert main(["images", "build"]) == 0
    built = capsys.readouterr().out
    assert f"Built {IMAGE}." in built and "Built phaseplan/collector" not in built
    assert client.images.get(IMAGE).attrs["Config"]["User"] == "1000:1000"
    assert main(["images", "list", "gateway"]) == 0
    assert main(["images", "build"]) == 0
    assert capsys.readouterr().out.endswith(f" and {IMAGE} are there.\n")


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "build", "colector"]) == 1
    assert "no image 'colector'; there are: collector, gateway, claude-code" in capsys.readouterr().err
