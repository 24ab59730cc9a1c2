"""Phaseplan: a phase plan (phases, waves, branches) carried out by Apache Airflow."""

__version__ = "0.1.0"
