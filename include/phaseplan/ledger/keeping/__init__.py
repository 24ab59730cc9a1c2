"""Say which refs of a phase nothing needs any more, and delete them.

Must not know: engines, and how long anything should be kept. Begin reading at `old_attempts.py`.
"""
