"""Provide the DAG and plugin folders of a local Airflow: the checkout's, else folders in its home."""

from __future__ import annotations

from pathlib import Path

from phaseplan.cli.output import write
from phaseplan.config.place import checkout

#: The files of a DAG folder, by name; the checkout's `dags/` holds the same.
DAG_FILES = {
    "phases.py": '''"""Every valid plan becomes a DAG of Airflow. Dropping a file into the plans folder is enough."""

import airflow.providers.docker.operators.docker  # noqa: F401  # named here so that the DAG processor pre-imports it

from phaseplan.airflow.dag_files import phase_dags

globals().update(phase_dags(__file__))
''',
    "plan_problems.py": '''"""Defines no DAG: what is wrong with any plan shows as one import error of Airflow."""

from phaseplan.airflow.dag_files import raise_plan_problems

raise_plan_problems(__file__)
''',
}


def folders(home: Path) -> tuple[Path, Path]:
    """Find the DAG folder and the plugins folder, and make both where Phaseplan is installed without a checkout.

    :param home: Airflow's home.
    """
    if (top := checkout()) is not None:
        return top / "dags", top / "plugins"
    dags, plugins = home / "dags", home / "plugins"
    for folder in (dags, plugins):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in DAG_FILES.items():
        write(dags / name, text)
    return dags, plugins
