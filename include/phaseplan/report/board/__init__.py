"""The board: a campaign, a phase and its branches on pages that move by themselves.

Must not know Airflow: who may see and do what is asked by `airflow.plugin.board`.
Begin with `looking`, then `phase` and `campaign` (what is shown) and `render` (how).
"""
