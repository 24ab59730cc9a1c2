"""Pause a profile whose provider is away, once for all its branches.

Must not know: gateways, Airflow. Begin reading at `pauses.py`, which is pure; `pausing.py` moves the refs.
"""
