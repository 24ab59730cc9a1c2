"""The steps of one branch, without Airflow."""
