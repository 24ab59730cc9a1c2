"""Manage the homes of runs: where they are, what goes into them, which of them stay."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from phaseplan.cli.local_airflow import postgresql
from phaseplan.cli.local_airflow.home import in_use
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan.login import parted
from phaseplan.plan.yaml.load import parse

KEEP = 5  # homes of earlier runs that stay, for their logs


def new_run_id() -> str:
    """Make an id that is never used twice: containers are told apart by it."""
    return f"run-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def copy_plans(home: Path, plans: Iterable[Path]) -> Path:
    """Put the plan files into the folder that this Airflow compiles, and only those; none with a password in it.

    :raises InputFault: a password is written in a way in which it cannot be taken out.
    """
    folder = home / "plans"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for plan in plans:
        name = plan.stem
        while (target := folder / f"{name}.yaml").exists():
            name += "_"
        target.write_text(_without_login(plan, plan.read_text(encoding="utf-8-sig")), encoding="utf-8")
    return folder


def _without_login(plan: Path, text: str) -> str:
    """Return the text of a plan file without the login to its repository."""
    source = parse(str(plan), text)
    written = source.data.get("repository") if source.data else None
    address, login = parted(written) if isinstance(written, str) else ("", "")
    if not login:
        return text
    text = text.replace(str(written), address)
    if login in text or parse(str(plan), text).data != {**(source.data or {}), "repository": address}:
        raise InputFault(
            f"{plan}: the password in `repository:` cannot be taken out of a copy. Next: write it without."
        )
    return text


def tidy(parent: Path) -> None:
    """Remove the oldest homes that no process uses; the names of homes sort by time."""
    homes = sorted(entry for entry in parent.glob("run-*") if entry.is_dir())
    for home in homes[: max(0, len(homes) - KEEP)]:
        if not in_use(home):
            with suppress(Infrastructure):  # a server that is gone has taken it along
                postgresql.drop(home)
            shutil.rmtree(home, ignore_errors=True)


def drop_database(home: Path) -> None:
    """Remove what only a running Airflow needs; logs and plans stay."""
    postgresql.drop(home)
    for name in ("airflow.db", "airflow.db-wal", "airflow.db-shm", "airflow.version"):
        (home / name).unlink(missing_ok=True)
