"""The command line: one module a verb, and a local Airflow for `run` and `up`.

It must not import Airflow before a verb needs it: lint answers in milliseconds.
Begin with `main`.
"""
