"""Make the index of decisions: `python -m tests.house.decisions_page > docs/decisions/README.md`."""

from __future__ import annotations

import re
import sys

from tests.house.sources import TOP

DECISIONS = TOP / "docs/decisions"
_TITLE = re.compile(r"# (\d{3}):? (.+)")
_HEAD = """\
# Decisions

What was decided where another choice was possible, and against what. A page is never rewritten when a choice changes: a
new page takes its place and the old one says so ([decision 001](001-decisions-are-recorded.md)).

| number | decision |
|---|---|
"""
_TAIL = "\nThis page is made by `python -m tests.house.decisions_page`, and a test holds it to the pages.\n"


def titles() -> dict[str, tuple[str, str]]:
    """Number and title of every decision, by file.

    :raises ValueError: a page does not begin with its number and its title.
    """
    found = {}
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        match = _TITLE.fullmatch(path.read_text(encoding="utf-8").partition("\n")[0])
        if match is None or not path.name.startswith(f"{match[1]}-"):
            raise ValueError(f"{path.name}: begin with `# {path.name[:3]} Title`")
        found[path.name] = (match[1], match[2][:1].upper() + match[2][1:])
    return found


def markdown() -> str:
    """Write the page."""
    rows = (f"| [{number}]({file}) | {title} |\n" for file, (number, title) in titles().items())
    return _HEAD + "".join(rows) + _TAIL


if __name__ == "__main__":
    sys.stdout.write(markdown())
