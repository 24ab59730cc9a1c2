"""Show runs on a screen: a table of counts, the reasons below it, the history of one branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from phaseplan.cli.progress.plain import clock
from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.records import Night, What
from phaseplan.ledger.run_history import DONE, count
from phaseplan.ledger.run_note import WORDS, reasons
from phaseplan.text.clean import clean

STYLES: dict[What, str] = {
    "built": "green",
    "reused": "dim",
    "gated": "cyan",
    "rebuilt": "bold cyan",
    "isolated": "bold red",
    "blocked": "magenta",
    "cancelled": "yellow",
    "unfinished": "yellow",
    "waiting": "yellow",
    "untouched": "dim",
}
_COUNTED: dict[What, str] = {
    "reused": "reused",
    "gated": "gated",
    "rebuilt": "rebuilt",
    "built": "built",
    "isolated": "isolated",
    "blocked": "blocked",
}
_ROOMY = 110  # columns from which on every column fits
_NAMED = 10  # branches with one and the same reason


def table(nights: Sequence[Night], width: int) -> Table:
    """Build one row for each run, newest last; a narrow screen leaves out what the reasons below repeat."""
    roomy = width >= _ROOMY
    grid = _table(roomy)
    grid.add_column("when", no_wrap=True)
    if roomy:
        grid.add_column("run", no_wrap=True, overflow="ellipsis", ratio=1)
        grid.add_column("base", no_wrap=True)
    grid.add_column("in", justify="right", no_wrap=True)
    for heading in _COUNTED.values():
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("took", justify="right", no_wrap=True)
    counted = any(night.usage for night in nights)
    if counted:
        grid.add_column("used", justify="right", no_wrap=True)
    for night in nights:
        cells = [Text(_when(night))]
        cells += [Text(clean(night.run)), Text(night.base[:7])] if roomy else []
        cells += [_inside(night), *(_number(night, outcome) for outcome in _COUNTED), _took(night)]
        grid.add_row(*cells, *([_used(night)] if counted else []))
    return grid


def details(console: Console, nights: Sequence[Night]) -> None:
    """Print below the table, run by run, which branches were not simply reused, and why."""
    for night in nights:
        lines = [*_lines(night)]
        if lines:
            ended = "could not begin" if night.fault else "not complete" if night.closed else "never closed"
            state = "complete" if night.complete else ended
            console.print(Text(f"\n{_when(night)}  {clean(night.run)}, {state}", "bold"))
        for line in lines:
            console.print(line, soft_wrap=True)


def branch_table(nights: Sequence[Night], branch: str, width: int) -> Table:
    """Show one branch over the runs, newest last."""
    roomy = width >= _ROOMY
    grid = _table(roomy)
    grid.add_column("when", no_wrap=True)
    if roomy:
        grid.add_column("run", no_wrap=True, overflow="ellipsis", max_width=38)
    grid.add_column("what", no_wrap=True)
    grid.add_column("attempt", justify="right", no_wrap=True)
    grid.add_column("commit", no_wrap=True)
    counted = any(night.deeds[branch].usage for night in nights)
    if counted:
        grid.add_column("used", justify="right", no_wrap=True)
    grid.add_column("why", ratio=1)
    for night in nights:
        deed = night.deeds[branch]
        outcome = Text(WORDS[deed.what], STYLES[deed.what])
        facts = [Text(str(deed.attempt or "-")), Text(deed.commit[:8] or "-")]
        facts += [Text(deed.usage.short if deed.usage else "-")] if counted else []
        run = [Text(clean(night.run))] if roomy else []
        grid.add_row(Text(_when(night)), *run, outcome, *facts, Text(clean(deed.why)))
    return grid


def _table(roomy: bool) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2 if roomy else 1, 0, 0), header_style="bold", expand=True)


def _lines(night: Night) -> Iterator[Text]:
    if night.fault:
        yield Text("  ").append("nothing was touched", "bold red").append(clean(f": {night.fault}"))
    branches_by_reason: dict[tuple[What, str], list[str]] = {}
    for branch, deed in reasons(night):
        branches_by_reason.setdefault((deed.what, deed.why), []).append(branch)
    for (outcome, why), ids in branches_by_reason.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        line = Text("  ").append(WORDS[outcome], STYLES[outcome])
        yield line.append(clean(f" {', '.join(ids[:_NAMED])}{more}" + (f": {why}" if why else "")))
    if spent := spent_of(night):
        yield Text("  ").append("used", "bold").append(clean(f" {spent}"))
    for gate in night.flaky:
        yield Text("  ").append("flaky gate", "yellow").append(clean(f" of {gate}; green on the same commit"))


def _inside(night: Night) -> Text:
    done = count(night.deeds.values(), *DONE)
    return Text(f"{done}/{len(night.deeds)}", "bold green" if night.complete else "bold red")


def _number(night: Night, outcome: What) -> Text:
    number = count(night.deeds.values(), outcome)
    return Text(str(number), STYLES[outcome]) if number else Text("·", "dim")


def _took(night: Night) -> Text:
    return Text(clock(night.seconds)) if night.closed else Text("not closed", "yellow")


def _used(night: Night) -> Text:
    spent = spent_of(night)
    return Text(spent.short) if spent else Text("·", "dim")


def _when(night: Night) -> str:
    return night.opened[:16].replace("T", " ")
