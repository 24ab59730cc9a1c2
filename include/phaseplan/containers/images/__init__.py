"""Build our images, and say which image a name means.

Must not know: plans. Begin reading at `identity.py`.
"""
