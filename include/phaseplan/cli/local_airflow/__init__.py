"""Run an Airflow of our own: a home directory, four processes with an owner, and a small REST client."""
