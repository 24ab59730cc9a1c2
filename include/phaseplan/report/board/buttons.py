"""Say what the buttons that act on one branch do, before they do it."""

from __future__ import annotations


def clear(branch: str) -> str:
    """Say what bringing a branch back does."""
    return (
        f"Bring {branch} back? Its task and everything after it are Cleared: it is tried again with a fresh budget of "
        "attempts, what is unchanged is reused, and the wave is integrated anew."
    )


def isolate(branch: str) -> str:
    """Say what isolating a branch that is integrated does."""
    return (
        f"Isolate {branch}? A run begins, after the one that is at work, that takes it and what needs it out of "
        "integration by reverts, gated; the others stay. A later run of the whole phase builds it anew."
    )


def stop(branch: str) -> str:
    """Say what stopping a branch does."""
    return (
        f"Stop {branch}? Its container is stopped, what it has done is kept, no attempt is used up, and the other "
        "branches go on. Bring back tries it again."
    )
