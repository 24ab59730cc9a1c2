"""A plan made into an Airflow DAG. Pure: no I/O, no git, no docker."""
