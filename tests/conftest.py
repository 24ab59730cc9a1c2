"""Two processes share the tests of `make test`: one has engine and Airflow to itself, pure and git tests run beside."""

from __future__ import annotations

from pathlib import Path

import pytest

ALONE = Path(__file__).parent
#: What neither starts containers nor an Airflow, and so does not mind what runs beside it.
BESIDE = ("git", "house", "plan")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything else is one group, which one process works off in order."""
    for item in items:
        if item.path.relative_to(ALONE).parts[0] not in BESIDE:
            item.add_marker(pytest.mark.xdist_group("engine"))
