"""A phase of three branches on a forge of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.place import Shop
from tests.delivery.standin.server import forge
from tests.git.lab import Lab
from tests.git.nights import Nights

KINDS = ("github", "gitlab", "gitea")


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """On every kind of forge; no request may be other than the forge's schema."""
    yield from _shop(request.param, tmp_path)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Shop]:
    """On one kind, for what is the same on all."""
    yield from _shop("github", tmp_path)


def _shop(kind: str, folder: Path) -> Iterator[Shop]:
    lab = Lab(folder)
    with forge(kind, lab.url) as stand_in:
        yield Shop(Nights(lab), stand_in)
        assert stand_in.faults == []
