"""Format the two logs of a phase, wave status and blockers, and mirror them into files for people."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from phaseplan.ledger.records import now
from phaseplan.plan.model import Branch, PhasePlan

log = logging.getLogger(__name__)

#: GATED: integrated, and its gates were run again. OUTDATED: taken out, because it is built anew.
Word = (
    Literal["STARTED", "COMPLETED", "REUSED", "GATED", "OUTDATED", "FAILED"]
    | Literal["ISOLATED", "BLOCKED", "CANCELLED", "UNFINISHED"]
)

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) Wave \d+ - .*?: [A-Z]+ (\S+)")


def status_line(plan: PhasePlan, branch: Branch, word: Word, *, detail: str = "", when: str | None = None) -> str:
    """Format a line of the status log, time in UTC: `2024-01-15 09:00 Wave 1 - Agent 1: STARTED 5.1.1 SyncTarget API`.

    :param detail: goes into parentheses at the end: `600 lines`, or why.
    """
    wave = plan.wave_of[branch.id]
    more = f" ({_one_line(detail)})" if detail else ""
    return f"{stamp(when)} Wave {wave} - {agent(branch)}: {word} {branch.id} {_one_line(branch.title)}{more}"


def wave_line(wave: int, text: str, *, when: str | None = None) -> str:
    """Format a line of the status log about a wave's integration."""
    return f"{stamp(when)} Wave {wave} - Integration: {_one_line(text)}"


def point_line(point: str, text: str) -> str:
    """Format a line of the status log about a person's approval."""
    return f"{stamp()} Approval - {point}: {_one_line(text)}"


def blocker_line(branch: Branch, reason: str) -> str:
    """Format a line of the other log: `BLOCKED: Agent 2 - Need SyncTarget type definition from Agent 1`."""
    return f"BLOCKED: {agent(branch)} - {_one_line(reason)}"


def agent(branch: Branch) -> str:
    """Return the name by which the logs call the builder of a branch."""
    return _one_line(branch.agent_label) or f"Agent {branch.id}"


def stamp(when: str | None = None) -> str:
    """Format an ISO 8601 time, or the current one, as `2024-01-15 09:00` in UTC."""
    return datetime.fromisoformat(when or now()).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def place(line: str) -> tuple[str, str]:
    """Return the sort key of a status line: (time, branch id)."""
    match = _LINE.match(line)
    return (match[1], match[2]) if match else (line[:16], "")


def ordered(lines: Sequence[str]) -> tuple[str, ...]:
    """Sort status lines by (time, id); lines of one branch in one minute keep their order."""
    return tuple(sorted(lines, key=place))


def mirror(state: Path, phase: int, lines: Sequence[str], blockers: Sequence[str] = ()) -> None:
    """Append to `logs/phase-N/status.log` and `blockers.log` under `state`; one write each, so lines never mix.

    They are copies for people. A disk that has no room for them keeps no verdict from being published.
    """
    folder = state / "logs" / f"phase-{phase}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("status.log", lines), ("blockers.log", blockers)):
            if text:
                _append(folder / name, "".join(f"{line}\n" for line in text))
    except OSError as error:
        log.warning("%s lacks these lines, the target repository has them: %s", folder, error)


def _append(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, text.encode("utf-8", "replace"))
    finally:
        os.close(handle)


def _one_line(text: str) -> str:
    """Bring a title or a reason, which comes from a person or an agent, to one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
