"""The plan itself: its model, the YAML it is read from, its lint rules, its names in Airflow and git.

It must not know Airflow, git, Docker, or any process: everything here is a pure function of files.
Begin with `model`, then `campaign`, which loads and checks all plans of a folder.
"""
