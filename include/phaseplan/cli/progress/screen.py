"""Show progress in a terminal: one table that is drawn over itself."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from phaseplan.cli.progress.plain import clock
from phaseplan.cli.progress.view import BranchView, PhaseView
from phaseplan.text.clean import clean

STYLES = {
    "running": "bold cyan",
    "integrating": "bold cyan",
    "retrying": "yellow",
    "paused": "yellow",
    "passed": "green",
    "integrated": "bold green",
    "success": "bold green",
    "isolated": "bold red",
    "failed": "bold red",
    "red": "bold red",
    "blocked": "magenta",
    "unfinished": "yellow",
    "cancelled": "yellow",
}
#: States of branches that are shown however small the screen is.
_LOOKED_AT = ("isolated", "failed", "retrying", "paused")


def draw(views: Sequence[PhaseView], elapsed: float, etas: Sequence[float | None], height: int) -> RenderableType:
    """Build the table; if the terminal is too low for every branch, only those at work and those with errors."""
    room = height - 4 - 2 * len(views) - sum(len(v.waves) for v in views)
    parts: list[RenderableType] = []
    for view, eta in zip(views, etas, strict=True):
        pauses = [Text(clean(pause.sentence()), "yellow") for pause in view.pauses]
        pauses += [Text(clean(question), "bold cyan") for question in view.questions]
        parts += [_head(view, elapsed, eta), *pauses, _table(view, every=sum(len(v.branches) for v in views) <= room)]
    return Group(*parts)


def _head(view: PhaseView, elapsed: float, eta: float | None) -> Text:
    facts = (
        f"  {view.done}/{len(view.branches)} integrated · agents {view.busy}/{view.slots} · {clock(elapsed)} elapsed"
    )
    estimate = "" if view.over else f" · ETA {clock(eta)}"
    head = Text(f"Phase {view.phase} {clean(view.title)}  ", style="bold")
    return head.append(view.state, STYLES.get(view.state, "cyan")).append(facts + estimate, "dim")


def _table(view: PhaseView, *, every: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    for column in ({"min_width": 8}, {"max_width": 40, "no_wrap": True}, {}, {"justify": "right"}, {"style": "dim"}):
        table.add_column(**column)
    for number, state in view.waves.items():
        table.add_row(f"wave {number}", "", Text(state, STYLES.get(state, "dim")), "", "")
        for branch in view.branches:
            if branch.wave == number and (every or branch.busy or branch.state in _LOOKED_AT):
                table.add_row(*_row(branch))
    return table


def _row(branch: BranchView) -> tuple[RenderableType, ...]:
    again = f"attempt {branch.attempt}" if branch.attempt > 1 else ""
    state = Text(branch.state, STYLES.get(branch.state, "dim"))
    return f"  {branch.id}", escape(clean(branch.title)), state, clock(branch.seconds), again


class Screen:
    """Show a live table; its last picture stays on the screen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, views: Sequence[PhaseView], elapsed: float, etas: Sequence[float | None]) -> None:
        """Draw the current state."""
        self._live.update(draw(views, elapsed, etas, self._console.size.height), refresh=True)

    def note(self, text: str) -> None:
        """Print a line above the table."""
        self._live.console.print("\n".join(map(clean, text.split("\n"))), markup=False, highlight=False)
