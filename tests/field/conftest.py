"""The container tests' fixtures, for lines that need an engine."""

from tests.container.conftest import client, ledger, publish, story, work

__all__ = ["client", "ledger", "publish", "story", "work"]
