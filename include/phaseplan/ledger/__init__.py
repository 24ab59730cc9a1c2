"""The records of a phase in git refs: run, branches, verdicts, history; read, folded and moved here only.

It must not know containers, gates or how anything is merged.
Begin with `records`, then `snapshot`.
"""
