"""The lock is all that an environment is made from, so it has all that is required."""

from __future__ import annotations

import re
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from provision.environment import LOCK, REQUIREMENTS


def _pinned() -> dict[str, str]:
    lines = [line.split("==") for line in LOCK.read_text().splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in lines}


def test_what_is_required_is_locked_at_that_version() -> None:
    wanted = [re.split(r"\s*#", line)[0].strip() for path in REQUIREMENTS for line in path.read_text().splitlines()]
    direct = {canonicalize_name(Requirement(line).name): line.split("==")[1] for line in filter(None, wanted)}
    assert len(direct) > 20 and {name: _pinned().get(name) for name in direct} == direct


def test_what_the_locked_packages_need_is_locked_too() -> None:
    """Nothing is resolved when an environment is made: a package that is missing here would be missing there."""
    pinned, missing = _pinned(), set[str]()
    for name in pinned:
        for text in requires(name) or ():
            needed = Requirement(text)
            if (needed.marker is None or needed.marker.evaluate({"extra": ""})) and (
                canonicalize_name(needed.name) not in pinned
                or not needed.specifier.contains(pinned[canonicalize_name(needed.name)], prereleases=True)
            ):
                missing.add(f"{name}: {text}")
    assert missing == set()
