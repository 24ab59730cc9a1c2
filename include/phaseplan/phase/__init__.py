"""A phase opened, renewed from earlier runs, and closed; a branch isolated from what is integrated.

It must not know how anything is shown.
Begin with `open` and `renew`.
"""
