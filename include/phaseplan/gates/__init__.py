"""Checks on one exact commit: its diff, and commands in fresh containers.

It must not know branches' attempts, waves or how merges are made.
Begin with `gating` for commands and `diff` for what a branch may change.
"""
