"""Three processes share the tests of `make test`: two play stories under an Airflow, the third what needs none.

Two cores are full with these. With a fourth process and a third Airflow stories wait for each other's processor, while
each Airflow that waits takes a tenth of a core.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

#: Folders that `make check` plays: a minute, and the first to fail.
QUICK = ("house", "compile", "config", "plan", "site")
#: What neither starts containers nor an Airflow: each test by itself goes to whoever has time.
BESIDE = ("documents", "gateway", "git")
#: Folders whose files share nothing: each file, if it starts no Airflow, goes to whoever has time.
FILES = ("budgets", "cli", "delivery", "field", "operators", "pages", "provision")
#: Each of these is a story, or a few, of its own.
ALONE = ("browser", "end_to_end", "kills", "samples", "stack")
#: Containers without an Airflow; what is not named anywhere is one more story.
ENGINE = ("build", "container")
#: In which order groups are begun: what fails in a minute, then stories that take longest, so that none is left over.
ORDER = (
    *("quick", "end_to_end", "stack", "agents", "airflow", "kills", "evening", "waiting", "browser"),
    *("samples", "engine", "files", "beside"),
)
#: Groups that have an Airflow up most of the time, and how many of them are played at once while there is other work.
UP, MOST_UP = ("end_to_end", "stack", "airflow", "kills", "evening", "waiting", "browser"), 2


#: Processes that tests start find the package, as the launcher has it; nothing else of ours is theirs to import.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1] / "include")
#: They keep what Python has compiled, as on anybody's machine: a third of what a command of ours costs is compiling.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
_failed: list[str] = []  # of the quick tests


class ByFolder(LoadScopeScheduling):
    """Groups that stay together, and single tests. Labels keep apart what two groups do on one engine.

    `--dist loadgroup` would do, but xdist 3.8 writes the groups where pytest 9.2 does not look for them any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        group = group_of(nodeid)
        return nodeid.split("::")[0] if group == "files" else nodeid if group in ("beside", "quick") else group

    def _assign_work_unit(self, node: Any) -> None:
        """Give a process the next group; where enough Airflows are up, the next one that has none."""
        others = [given for other, given in self.assigned_work.items() if other is not node]
        up = sum(group in UP and not all(done.values()) for given in others for group, done in given.items())
        without = next((group for group in self.workqueue if group not in UP), None)
        if up >= MOST_UP and without is not None and next(iter(self.workqueue)) in UP:
            self.workqueue.move_to_end(without, last=False)
        super()._assign_work_unit(node)


def group_of(nodeid: str) -> str:
    """Name the group of a test, of `ORDER`."""
    file, folder = nodeid.split("::")[0], nodeid.split("/")[1]
    if folder in BESIDE:
        return "beside"
    if folder in QUICK and not _starts_airflow(file):
        return "quick"
    if folder in FILES and not _starts_airflow(file):
        return "files"
    if folder == "agents":
        return "evening" if _starts_airflow(file) else "agents"
    if file.endswith("end_to_end/test_waiting.py"):
        return "waiting"
    return folder if folder in ALONE else "engine" if folder in ENGINE else "airflow"


@cache
def _starts_airflow(file: str) -> bool:
    """Say whether tests of a file are marked as such that start an Airflow."""
    return "mark.airflow" in (Path(__file__).parents[1] / file).read_text()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort tests by the order of their groups, for all processes alike; within a group they stay as they are."""
    items.sort(key=lambda item: ORDER.index(group_of(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByFolder:
    """What `-n` uses; the order is ours, and not by the number of tests."""
    config.option.loadscopereorder = False
    return ByFolder(config, log)


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: Any) -> None:
    """Begin nothing else where a quick test has failed: what takes half an hour would say no more."""
    if group_of(report.nodeid) == "quick":
        _failed.extend([report.nodeid] if report.failed else [])
    elif _failed and os.environ.get("CI"):
        pytest.exit(f"{len(_failed)} of the quick tests failed, so nothing else was begun", returncode=1)
