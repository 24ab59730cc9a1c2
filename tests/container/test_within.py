"""What the collector says of files that one commit does not take."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.field.workspace import TOP

SCRIPT = """
from collector import leftover
leftover.MANY = 2
class Report:
    def finding(self, message, file="", limit="", actual="", gate="size"): print(message, limit, actual, sep="|")
leftover.within([(1, "a"), (2, "b"), (%s, "c")], 10, Report())
"""


@pytest.mark.parametrize(("size", "message"), [
    (3, "left uncommitted, with more files than one commit takes|2 files|3 files"),
    (30, "left uncommitted and too large to bring back|10 bytes|30 bytes"),
])  # fmt: skip
def test_the_message_names_the_limit(size: int, message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT % size], cwd=TOP / "images/collector", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == message
