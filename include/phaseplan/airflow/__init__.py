"""The Airflow face: the DAG factory, operators, sensors, triggers and the plugin.

It must not decide anything about a branch: it hands on to attempt, wave and phase.
Begin with `compile.dag`, then `operators.branch_build`.
"""
