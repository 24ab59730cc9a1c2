"""Checks on one exact commit: its diff, and commands in a fresh container."""
