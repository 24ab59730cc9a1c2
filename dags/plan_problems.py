"""Show what is wrong with any plan as one import error of Airflow; define no DAG."""

from phaseplan.airflow.dag_files import raise_plan_problems

raise_plan_problems()
