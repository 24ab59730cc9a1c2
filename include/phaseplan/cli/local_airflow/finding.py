"""Find the Airflow of this machine that carries out a run."""

from __future__ import annotations

from pathlib import Path

from phaseplan.cli.local_airflow.api import Api, ApiError
from phaseplan.cli.local_airflow.home import running
from phaseplan.cli.sources.lastrun import last_run
from phaseplan.plan import names


def airflow_of(home: Path | None, state: Path, phase: int, run_id: str) -> Api | None:
    """Find an Airflow of this machine that is up and whose newest run of the phase is the one the ledger knows."""
    homes = [home] if home else [state / "up", *map(Path, filter(None, [last_run().get("home")]))]
    for place in homes:
        api = running(place)
        try:
            if api is not None and api.newest_run(names.dag_id(phase)) == run_id:
                return api
        except ApiError as error:
            if error.status != 404:  # it knows no such DAG
                raise
    return None
