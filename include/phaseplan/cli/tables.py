"""A phase's status as people read it; 80 columns are enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from include.phaseplan.cli.progress.plain import clock
from include.phaseplan.cli.progress.screen import STYLES
from include.phaseplan.plan.render import clean
from include.phaseplan.runtime.records import Finding, State
from include.phaseplan.runtime.status import PhaseStatus, Timings

_FINDINGS = 5  # of one branch or wave; the rest is in the log


def say(where: Console, text: str = "") -> None:
    """Print words that may come from anywhere, an agent included: no markup, no control characters, no wrapping."""
    where.print("\n".join(clean(line) for line in text.split("\n")), markup=False, soft_wrap=True)
    where.file.flush()


def console() -> Console:
    """Where tables go; a pipe gets a fixed width and no colours."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=100, color_system=None)


def branch_table(status: PhaseStatus, selected: tuple[str, ...] = ()) -> Table:
    """One row for each branch, waves apart."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("branch", no_wrap=True)
    table.add_column("title", ratio=1, overflow="ellipsis", no_wrap=True, min_width=12)
    table.add_column("state", no_wrap=True)
    for name in ("attempt", "lines", "agent", "head"):
        table.add_column(name, justify="right", no_wrap=True)
    for number in status.waves:
        for branch_id, branch in status.branches.items():
            if branch.wave == number and (not selected or branch_id in selected):
                table.add_row(
                    branch_id,
                    escape(clean(branch.title)),
                    Text(branch.state, STYLES.get(branch.state, "")),
                    str(branch.attempt or "-"),
                    str(branch.lines or "-"),
                    "-" if branch.agent_seconds is None else f"{branch.agent_seconds:.1f} s",
                    (branch.head or "-")[:8],
                )
        table.add_section()
    return table


def troubles(status: PhaseStatus) -> Iterator[str]:
    """Who did not get in and why; red waves and what their gates said."""
    for number, wave in status.waves.items():
        if wave.state == "red":
            yield f"wave {number} is red: its gates did not pass, and nothing of it was published"
            yield from _findings(wave.findings)
    for branch_id, branch in status.branches.items():
        if branch.state not in (State.INTEGRATED, State.PENDING, State.RUNNING, State.PASSED):
            yield f"{branch_id} {branch.state}" + (f": {branch.reason}" if branch.reason else "")
            yield from _findings(tuple(f for f in branch.findings if str(f) != branch.reason))


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings[:_FINDINGS]:
        yield "    " + str(finding).replace("\n", "\n    ")
    if len(findings) > _FINDINGS:
        yield f"    and {len(findings) - _FINDINGS} more"


def waves(status: PhaseStatus) -> Iterator[str]:
    """One line for each wave."""
    for number, wave in status.waves.items():
        took = f", {clock(wave.seconds)}" if wave.seconds is not None else ""
        at = f" at {wave.head[:8]}" if wave.head else ""
        yield f"wave {number} {wave.title}: {wave.state}{at}{took}"


def timing(status: PhaseStatus) -> Iterator[str]:
    """What the newest run took, beside what the plan promised."""
    took = status.timings
    if took.actual:
        yield f"took      {_took(took)}"
    if claimed := _claimed(status.claims):
        yield f"claimed   {claimed}"


def _took(took: Timings) -> str:
    saved = f"saved {took.saved_ratio:.0%}" if took.saved > 0 else "nothing saved"
    return (
        f"{clock(took.actual)}; one after another {clock(took.sequential)}; {saved}; "
        f"agents busy {took.agent_utilisation:.0%} of the time"
    )


def _claimed(claims: dict[str, Any]) -> str:
    parts = []
    if duration := claims.get("parallel") or claims.get("duration"):
        parts.append(_span(duration))
    if sequential := claims.get("sequential"):
        parts.append(f"one after another {_span(sequential)}")
    if reduction := claims.get("reduction"):
        parts.append(f"saved {reduction}")
    if utilisation := claims.get("utilisation"):
        parts.append(f"agents busy {utilisation}")
    return "; ".join(parts)


def _span(span: dict[str, int]) -> str:
    low, high = _long(span["low"]), _long(span["high"])
    return low if low == high else f"{low} to {high}"


def _long(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds}s"
