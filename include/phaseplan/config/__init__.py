"""Settings of this installation, and the only reader of the folder with plan files.

It must not know git, containers or Airflow: settings are read without importing Airflow.
Begin with `settings`.
"""
