"""Make `docs/codes.md` from the codes and their explanations: `python -m tests.house.codes_page > docs/codes.md`."""

from __future__ import annotations

import sys

from phaseplan.documents.explain import GROUPS, texts
from phaseplan.plan.lint.codes import CODES

_HEAD = """\
# Codes

What `./phaseplan lint` and `./phaseplan import` report. `./phaseplan explain PP402` says the same and shows an example.
An error keeps a plan from becoming a DAG; warnings and notes do not. A code keeps its meaning for ever.

"""
_TAIL = """\
This page is made by `python -m tests.house.codes_page` from `include/phaseplan/plan/lint/codes.py` and
`include/phaseplan/documents/explanations.yaml`, and a test holds it to them.
"""


def _entry(code: str) -> str:
    told, said = CODES[code], texts()[code]
    return (
        f"### {code}\n**{told.severity.capitalize()}**: {told.meaning}.\n\n"
        f"- Why: {_line(said['why'])}\n- Fix: {_line(said['fix'])}\n\n"
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def markdown() -> str:
    """Write the page."""
    text = _HEAD
    for prefix, group in GROUPS.items():
        text += f"## {group[:1].upper()}{group[1:]}\n"
        text += "".join(_entry(code) for code in sorted(CODES) if code.startswith(prefix))
    return text + _TAIL


if __name__ == "__main__":
    sys.stdout.write(markdown())
