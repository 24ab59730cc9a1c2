"""One wave integrated: merged, gated, searched for culprits, published.

It must not know how a phase is opened or closed.
Begin with `integrate`.
"""
