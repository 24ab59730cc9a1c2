"""Hold what people were asked to approve, and what they answered.

Must not know: Airflow, which asks. Begin reading at `approvals.py`, which is pure; `asking.py` moves the ledger.
"""
