"""Three processes share the tests of `make test`: engine and Airflow have two of them, pure and git tests one."""

from __future__ import annotations

from pathlib import Path

import pytest

TOP = Path(__file__).parent
#: What neither starts containers nor an Airflow: each test by itself goes to whoever has time.
BESIDE = ("git", "house", "plan")
#: Long stories, worked off in order by one process; the rest is another's, and takes about as long.
STORIES = ("browser", "end_to_end", "samples")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of a folder; the engines' labels keep apart what two of them do on one engine."""
    for item in items:
        folder = item.path.relative_to(TOP).parts[0]
        if folder not in BESIDE:
            item.add_marker(pytest.mark.xdist_group("stories" if folder in STORIES else "engine"))
