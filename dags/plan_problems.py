"""Defines no DAG: what is wrong with any plan shows as one import error of Airflow."""

from phaseplan.airflow.dag_files import raise_plan_problems

raise_plan_problems(__file__)
