"""List old task logs of phases in this component's folder of logs; Airflow itself removes none."""

from __future__ import annotations

import configparser
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from phaseplan.cli.housekeeping.items import Item
from phaseplan.config.place import airflow_cfg, airflow_home, filled_in

_PHASE = re.compile(r"dag_id=phase_\d{2,}")  # as `plan.names.dag_id` writes it


def folder() -> Path:
    """Return Airflow's folder of logs, as its variable or its airflow.cfg says; Airflow is not imported for it."""
    if named := os.environ.get("AIRFLOW__LOGGING__BASE_LOG_FOLDER"):
        return Path(filled_in(named))
    parser = configparser.RawConfigParser()
    try:
        parser.read(airflow_cfg())
        named = parser.get("logging", "base_log_folder", fallback="").replace("%%", "%")
    except (configparser.Error, UnicodeDecodeError):
        named = ""
    return Path(filled_in(named)) if named else airflow_home() / "logs"


def logs(before: datetime) -> Iterator[Item]:
    """Yield the logs of each run of a phase in which nothing was written since a time."""
    for dag in sorted(folder().glob("dag_id=phase_*")):
        for run in sorted(dag.glob("run_id=*")) if _PHASE.fullmatch(dag.name) else ():
            newest, size = _measured(run)
            if newest < before and not run.is_symlink():
                name = f"{run.name.partition('=')[2]} of {dag.name.partition('=')[2]}"
                yield Item("log", name, "", newest, size, partial(_remove, run))


def _remove(run: Path) -> bool:
    shutil.rmtree(run, ignore_errors=True)
    return not run.exists()


def _measured(run: Path) -> tuple[datetime, int]:
    """Return when a file below was last written, and the bytes of all."""
    newest, size = run.lstat().st_mtime, 0
    for top, _, names in os.walk(run):
        for name in names:
            try:
                facts = Path(top, name).lstat()
            except OSError:
                continue
            newest, size = max(newest, facts.st_mtime), size + facts.st_size
    return datetime.fromtimestamp(newest, UTC), size
