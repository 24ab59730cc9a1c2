"""Show the branches of a phase as aligned columns; below each row its attempts, over the full width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from phaseplan.cli.progress.screen import STYLES
from phaseplan.ledger.records import State
from phaseplan.report.attempts import AttemptStatus
from phaseplan.report.status import BranchStatus, PhaseStatus
from phaseplan.text.clean import clean

_HEAD = ("branch", "title", "state", "attempt", "lines", "agent", "head")
_TITLE, _STATE = 1, 2
_LEFT = 3  # columns that are flush left
_GAP = "  "
_NARROWEST = 12  # characters that a title keeps on any screen
_QUIET = (State.INTEGRATED, State.PENDING, State.RUNNING, State.PASSED)
_WORDS = {
    "conflict": "passed, taken out",
    "wave_gate": "passed, taken out: wave gate",
    "taken_out": "passed, taken out",
    "outdated": "passed, out of date",
}


@dataclass(frozen=True)
class BranchTable:
    """Render branches with rich; text that is too long for the screen ends in dots."""

    status: PhaseStatus
    selected: tuple[str, ...] = ()  # empty: all

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the table."""
        waves = [
            [
                (b, s)
                for b, s in self.status.branches.items()
                if s.wave == n and (not self.selected or b in self.selected)
            ]
            for n in self.status.waves
        ]
        widths = _widths([_cells(*pair) for wave in waves for pair in wave], options.max_width)
        yield Text()
        yield _line(_HEAD, widths, "bold")
        yield Text("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), "dim")
        for wave in waves:
            for branch_id, branch in wave:
                yield _line(_cells(branch_id, branch), widths, STYLES.get(branch.state, ""), only=_STATE)
                for attempt_text in tried(branch):
                    below = f"{' ' * (widths[0] + len(_GAP))}{attempt_text}"
                    yield Text(below, "dim", no_wrap=True, overflow="ellipsis")
            yield Text()


def is_out(branch: BranchStatus) -> bool:
    """Say whether a branch will not get in by itself; one that passed may still wait for one that is out."""
    return branch.state not in _QUIET or branch.blocked_by is not None


def tried(branch: BranchStatus) -> Iterator[str]:
    """Yield one line for each attempt of a branch with several; for a branch with fewer, why it is out."""
    if branch.paused:
        yield _first_line(branch.reason)
    if len(branch.attempts) > 1:
        yield from map(_attempt_line, branch.attempts)
    elif is_out(branch) and branch.reason and not branch.paused:
        yield _first_line(branch.reason)


def _attempt_line(attempt: AttemptStatus) -> str:
    """Describe an attempt in one line."""
    by = " by a person" if attempt.source == "person" else ""
    at = f" {attempt.commit[:8]}" if attempt.commit else ""
    facts = [f"attempt {attempt.attempt}{by}{at} {_WORDS.get(attempt.became, attempt.became or attempt.outcome)}"]
    if attempt.outcome == "passed" and not attempt.became and attempt.replaced_by:
        facts.append(f"replaced by {attempt.replaced_by}")
    if attempt.lines and not attempt.why:
        facts.append(f"{attempt.lines} lines")
    return ", ".join(facts) + (f": {_first_line(attempt.why)}" if attempt.why else "")


def _first_line(text: str) -> str:
    return clean(text.split("\n", 1)[0])


def _cells(branch_id: str, branch: BranchStatus) -> tuple[str, ...]:
    return (
        branch_id,
        clean(branch.title),
        str(branch.state),
        str(branch.attempt or "-"),
        str(branch.lines or "-"),
        "-" if branch.agent_seconds is None else f"{branch.agent_seconds:.1f} s",
        (branch.head or "-")[:8],
    )


def _widths(rows: Sequence[Sequence[str]], screen: int) -> list[int]:
    """Compute widths of the columns from the widest cell; titles give way to the screen."""
    widths = [max(cell_len(row[i]) for row in [_HEAD, *rows]) for i in range(len(_HEAD))]
    others = sum(widths) - widths[_TITLE] + len(_GAP) * (len(widths) - 1)
    widths[_TITLE] = min(widths[_TITLE], max(_NARROWEST, screen - others))
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], style: str, only: int | None = None) -> Text:
    """Build one row; `only`: the column that the style is for."""
    line = Text(no_wrap=True, overflow="ellipsis")
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        cut = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        filled = set_cell_size(cut, width) if i < _LEFT else cut.rjust(width)
        line.append((_GAP if i else "") + filled, style if only in (None, i) else "")
    return line
