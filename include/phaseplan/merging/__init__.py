"""Merges, reverts and what they conserve; the workspace of a branch; refs that follow the ledger.

It must not know attempts or waves: what is merged, and when, is decided above.
Begin with `chain`.
"""
