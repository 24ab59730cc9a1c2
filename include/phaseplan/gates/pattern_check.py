"""Run regular expressions in a process of its own, because one that backtracks without end cannot be stopped
in any other way. Standard input: JSON [[pattern, text], ...]; output: one line, 0 or 1, for each."""

from __future__ import annotations

import json
import re
import sys


def main() -> None:
    """Search each pair, and write each answer at once: a killed process still leaves the answers it has reached."""
    for pattern, text in json.load(sys.stdin):
        print("1" if re.search(pattern, text, re.MULTILINE) else "0", flush=True)


if __name__ == "__main__":
    main()
