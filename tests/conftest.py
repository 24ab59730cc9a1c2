"""Three processes share the tests of `make test`: engine and Airflow have two of them, pure and git tests one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

#: What neither starts containers nor an Airflow: each test by itself goes to whoever has time.
BESIDE = ("config", "documents", "git", "house", "plan", "site")
#: Long stories, worked off in order by one process; the rest is another's, and takes about as long.
STORIES = ("browser", "end_to_end", "samples")


#: Processes that tests start find the package, as the launcher has it; nothing else of ours is theirs to import.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1] / "include")

#: How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class ByFolder(LoadScopeScheduling):
    """Two groups that stay together, and single tests. Labels keep apart what two groups do on one engine.

    `--dist loadgroup` would do, but xdist 3.8 writes the groups where pytest 9.2 does not look for them any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        if folder == "field":
            return nodeid.split("::")[0]  # each case is a story of its own
        return nodeid if folder in BESIDE else "stories" if folder in STORIES else "engine"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByFolder:
    """What `-n` uses."""
    return ByFolder(config, log)
