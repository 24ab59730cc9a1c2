"""What a component of a team's own Airflow is given."""

from __future__ import annotations

import os
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def environment(team: Path, **more: str) -> dict[str, str]:
    """Only what a component of that Airflow would have."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(team),
        "AIRFLOW_HOME": str(team),
        "PYTHONPATH": str(team),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{team}/airflow.db",
        **more,
    }
