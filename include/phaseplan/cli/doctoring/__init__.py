"""Look at an installation, one module for each thing that can be wrong with it.

Must not know: how a phase is carried out. Begin reading at `lines.py`.
"""
