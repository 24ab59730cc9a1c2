"""Count what attempts used of models, and share a budget among them.

Must not know: engines, gateways, Airflow. Begin reading at `usage.py`.
"""
