from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.lab import Lab
from tests.git.leaving import PLAN, RUN, own


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Four branches in two waves, all integrated and closed."""
    lab = Lab(tmp_path_factory.mktemp("template"))
    token = lab.open(PLAN, RUN)
    for wave, ids in ((1, "12"), (2, "34")):
        for branch in ids:
            lab.build(token, branch, own(branch))
        lab.integrate(token, wave)
    assert lab.close(token).complete
    return lab


@pytest.fixture
def whole(template: Lab, tmp_path: Path) -> Lab:
    """The template, to be taken apart."""
    return template.copied(tmp_path)
