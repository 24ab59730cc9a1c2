"""Measure what tasks that only wait cost in a local Airflow: below that no branch of a crowd can be.

FLOOR is how many there are; each is deferred once, for FLOOR_SECONDS, as a branch is while its agent works, and a task
follows them all.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.place import processor, until
from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.home import migrate, prepare
from phaseplan.cli.local_airflow.supervisor import Supervisor

_COUNT = int(os.environ.get("FLOOR", "50"))
_SECONDS = int(os.environ.get("FLOOR_SECONDS", "60"))
_DAG, _RUN, _SETTLED = "waits", "bench", 30.0  # the last: seconds that an Airflow has for what starting leaves to do
_FILE = f"""
from datetime import timedelta
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import DAG

with DAG("{_DAG}", schedule=None, catchup=False, max_active_tasks={_COUNT}, is_paused_upon_creation=False):
    last = EmptyOperator(task_id="last")
    for number in range({_COUNT}):
        TimeDeltaSensor(task_id=f"wait_{{number}}", delta=timedelta(seconds={_SECONDS}), deferrable=True) >> last
"""


def measure() -> dict[str, float]:
    """Return the processor that a waiting task costs, of an Airflow with two worker slots."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (dags := place / "dags").mkdir()
        (dags / "waits.py").write_text(_FILE)
        home = prepare(place / "home", phaseplan={}, dags=dags, plugins=place / "plugins", parallelism=2)
        with Supervisor(home) as supervisor:
            migrate(home, place / "cache")
            supervisor.start()
            api = Api(home.address, "admin", home.password)
            until(lambda: api.has_dag(_DAG, supervisor.started))
            api.warm()
            time.sleep(_SETTLED)
            before, begun = processor(psutil.Process()), datetime.now(UTC)
            until(lambda: api.trigger(_DAG, _RUN, {}) is None)
            until(lambda: api.run_state(_DAG, _RUN) in ("success", "failed"), 3600)
            spent, seconds = processor(psutil.Process()) - before, (datetime.now(UTC) - begun).total_seconds()
            if api.run_state(_DAG, _RUN) != "success":
                raise SystemExit("the run of tasks that only wait failed")
    return {
        "tasks that wait": float(_COUNT),
        "from the trigger to the end of the run, s": seconds,
        "processor of a task, s": spent / _COUNT,
    }
