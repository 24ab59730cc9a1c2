"""Report a failed command by its last lines and the file and line they name."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from phaseplan.ledger.records import Finding

TAIL = 30  # lines of output in a finding
_WIDTH = 400  # characters of such a line

_PLACE = re.compile(r"(?:vet: )?(?:\./|/workspace/)?(?P<path>[^\s:\"'(]+):(?P<line>\d{1,9})\b")


def finding(command: str, outcome: str, tail: Sequence[str], tracked: Container[str]) -> Finding:
    """Make the finding for a failed command, at the first tracked file that its output names."""
    place = next((p for line in tail if (p := _place(line, tracked))), (None, None))
    output = "\n".join(line[:_WIDTH] for line in tail).strip()
    message = f"`{command}` {outcome}" + (f"; its last lines:\n{output}" if output else "; it wrote nothing")
    return Finding(gate="commands", file=place[0], line=place[1], message=message)


def _place(line: str, tracked: Container[str]) -> tuple[str, int] | None:
    match = _PLACE.match(line[:_WIDTH].strip())
    return (match["path"], int(match["line"])) if match and match["path"] in tracked else None
