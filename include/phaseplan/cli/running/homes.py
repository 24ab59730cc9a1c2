"""Homes of runs: where they are, what goes into them, which of them stay."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from include.phaseplan.cli.airflow.home import in_use

KEEP = 5  # homes of earlier runs that stay, for their logs


def new_run_id() -> str:
    """Never used twice: containers are told apart by it."""
    return f"run-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def copy_plans(home: Path, plans: Iterable[Path]) -> Path:
    """Put the plan files into the folder that this Airflow compiles, and only those."""
    folder = home / "plans"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for plan in plans:
        name = plan.stem
        while (target := folder / f"{name}.yaml").exists():
            name += "_"
        shutil.copyfile(plan, target)
    return folder


def tidy(parent: Path) -> None:
    """Remove the oldest homes nobody uses; the names of homes sort by time."""
    homes = sorted(entry for entry in parent.glob("run-*") if entry.is_dir())
    for home in homes[: max(0, len(homes) - KEEP)]:
        if not in_use(home):
            shutil.rmtree(home, ignore_errors=True)


def drop_database(home: Path) -> None:
    """Remove what only a running Airflow needs; logs and plans stay."""
    for name in ("airflow.db", "airflow.db-wal", "airflow.db-shm", "airflow.version"):
        (home / name).unlink(missing_ok=True)
