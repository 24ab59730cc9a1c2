"""Turn an agent's files in /workspace into packs in /collector/out.

Everything under /workspace is hostile, its .git first of all. Nothing of it is configured, hooked or
filtered here: git runs in a repository of our own, which borrows the agent's objects and nothing else.
"""
