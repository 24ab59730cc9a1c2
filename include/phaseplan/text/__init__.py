"""Other people's text, made safe to show: control characters, length, gutter.

It must not know plans, git, containers or Airflow.
Begin with `shown`.
"""
