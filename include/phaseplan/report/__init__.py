"""What people are shown: status, standing, attempts, past durations, HTML pages.

It must not change anything: all of it is read from the ledger.
Begin with `status`.
"""
