"""`phaseplan gc` on a real engine: what is done with goes, what lives or is another's stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import docker
import docker.errors
import pytest

from phaseplan.cli.main import main
from phaseplan.containers import engine
from phaseplan.containers.images.build import build
from phaseplan.containers.images.identity import image_identity
from phaseplan.containers.labels import Labels, Role
from phaseplan.containers.leftovers import discard, leftovers
from phaseplan.containers.network import create_internal, name_of
from tests.container.conftest import PLAIN
from tests.git.lab import PHASE, Lab, plan_of

pytestmark = pytest.mark.docker


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A phase whose branch 1 has a verdict and whose run is closed; branch 2 was claimed and is not judged."""
    made = Lab(tmp_path)
    for key, value in {"STATE": tmp_path / "state", "PLANS": tmp_path / "plans", "REPOSITORY": made.url}.items():
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key}", str(value))
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    token = made.open(plan_of({"1": [], "2": []}))
    made.build(token, "1", {"one": "one\n"})
    made.close(token)
    return made


class Shelf:
    """Things on the engine with labels of some ledger, by what they are."""

    def __init__(self, client: docker.DockerClient, ledger: str) -> None:
        self.client, self.ledger = client, ledger
        self.things: dict[str, str] = {}

    def labels(self, branch: str, role: Role = "agent") -> Labels:
        return Labels(self.ledger, PHASE, branch, 1, "run-1/0", role)

    def container(self, branch: str, role: Role = "agent", *, runs: bool = False) -> str:
        spec = engine.Spec(PLAIN, self.labels(branch, role), "0:0", 64 << 20, command=("sleep", "60"))
        made = engine.create(self.client, spec)
        if runs:
            engine.start(self.client, made)
        return made

    def volume(self, branch: str) -> str:
        name = f"phaseplan-test-{self.ledger[:12]}-{branch}"
        self.client.api.create_volume(name, labels=self.labels(branch).as_dict())
        return name

    def network(self, branch: str) -> str:
        create_internal(self.client, f"{self.ledger[:8]}{branch}", self.labels(branch, "gateway").as_dict())
        return name_of(f"{self.ledger[:8]}{branch}")

    def checkout(self, branch: str) -> str:
        spec = engine.Spec(PLAIN, self.labels(branch, "gate"), "0:0", 64 << 20, mounted=False, marks={"gating": "1"})
        made = engine.create(self.client, spec)
        image = str(self.client.api.commit(made)["Id"])
        engine.remove(self.client, made)
        return image

    def left(self) -> set[str]:
        """What the engine has with this ledger's labels."""
        label = {"label": f"phaseplan.ledger={self.ledger}"}
        api = self.client.api
        found = [c["Id"] for c in api.containers(all=True, filters=label)]
        found += [v["Name"] for v in api.volumes(filters=label)["Volumes"] or ()]
        return {
            *found,
            *(n["Name"] for n in api.networks(filters=label)),
            *(i["Id"] for i in api.images(filters=label)),
        }

    def clear(self) -> None:
        label = {"label": f"phaseplan.ledger={self.ledger}"}
        for found in self.client.api.containers(all=True, filters=label):
            engine.remove(self.client, found["Id"])
        for volume in self.client.api.volumes(filters=label)["Volumes"] or ():
            self.client.api.remove_volume(volume["Name"])
        for network in self.client.api.networks(filters=label):
            self.client.api.remove_network(network["Id"])
        for image in self.client.api.images(filters=label):
            self.client.api.remove_image(image["Id"], force=True, noprune=True)


@pytest.fixture
def shelves(lab: Lab, client: docker.DockerClient) -> Iterator[tuple[Shelf, Shelf]]:
    """Ours, and that of an installation which shares only the engine."""
    ledger = lab.read().ledger
    assert ledger is not None
    both = Shelf(client, ledger.id), Shelf(client, f"beef{ledger.id[4:]}")
    yield both
    for shelf in both:
        shelf.clear()


def test_what_is_done_with_goes_and_everything_else_stays(
    lab: Lab, shelves: tuple[Shelf, Shelf], capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = shelves
    gone = {
        ours.container("1"),
        ours.container("wave-1", "gate"),
        ours.volume("1"),
        ours.network("1"),
        ours.checkout("1"),
    }
    stays = {ours.container("1", "gate", runs=True), ours.container("2"), ours.volume("2")}
    foreign = {theirs.container("1"), theirs.volume("1"), theirs.network("1"), theirs.checkout("1")}
    everything = ours.left()
    assert gone | stays <= everything

    assert main(["gc", "--json"]) == 0, "a day has to pass first"
    assert json.loads(capsys.readouterr().out) == {"items": [], "notes": []}
    assert main(["gc", "--days", "0"]) == 0
    assert ours.left() == everything, "it was only shown"
    assert "Next: ./phaseplan gc --yes" in capsys.readouterr().out

    assert main(["gc", "--days", "0", "--yes", "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    kinds = sorted(i["kind"] for i in items if i["kind"] != "cache")
    assert kinds == ["container", "container", "image", "network", "volume"]
    assert all(i["freed"] for i in items)
    left = ours.left()
    assert not gone & left and stays <= left
    assert foreign <= theirs.left()


def test_nothing_of_an_open_run_goes(lab: Lab, shelves: tuple[Shelf, Shelf]) -> None:
    ours, _ = shelves
    lab.open(plan_of({"1": [], "2": []}), "run-2")
    ours.container("1")
    before = ours.left()
    assert main(["gc", "--days", "0", "--yes"]) == 0
    assert ours.left() == before


def test_an_image_of_ours_goes_when_a_newer_build_has_its_name_and_is_still_the_same_image(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    name = "phaseplan-test/gc:1"
    file = tmp_path / "Dockerfile"

    def built(content: str, image: str = name) -> str:
        file.write_text(f"FROM {PLAIN}\nLABEL content={content}\n")
        build(client, {"Dockerfile": file}, image, lambda line: None)
        return str(client.api.inspect_image(image)["Id"])

    def nameless() -> list[str]:
        return [one.id for one in leftovers(client, lambda labels: None) if one.name == name]

    try:
        old = built("1")
        assert nameless() == []
        for _ in client.api.build(path=str(tmp_path), tag="phaseplan-test/gc:plain", rm=True, pull=False):
            pass  # the engine has built it when it has said all of it
        assert image_identity(client, name) == image_identity(client, "phaseplan-test/gc:plain"), "the label is no part"
        new = built("2")
        assert old != new and nameless() == [old]
        (one,) = (each for each in leftovers(client, lambda labels: None) if each.id == old)
        assert one.since < datetime.now(UTC) and discard(client, one)
        assert nameless() == [] and client.api.inspect_image(name)["Id"] == new
        assert client.api.inspect_image(PLAIN)
    finally:
        for image in (name, "phaseplan-test/gc:plain", *nameless()):
            with suppress(docker.errors.ImageNotFound):
                client.api.remove_image(image, force=True)
