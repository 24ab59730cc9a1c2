"""Every valid plan becomes a DAG of Airflow. Dropping a file into the plans folder is enough."""

import airflow.providers.docker.operators.docker  # noqa: F401  # named here so that the DAG processor pre-imports it

from phaseplan.airflow.dag_files import phase_dags

globals().update(phase_dags(__file__))
