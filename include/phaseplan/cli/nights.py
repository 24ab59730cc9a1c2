"""Nights on a screen: a table of counts, the reasons below it, the story of one branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from phaseplan.cli.progress.plain import clock
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
    """One line for each night, newest last; a narrow screen leaves out what the reasons below say too."""
    roomy = width >= _ROOMY
    made = _table(roomy)
    made.add_column("when", no_wrap=True)
    if roomy:
        made.add_column("run", no_wrap=True, overflow="ellipsis", ratio=1)
        made.add_column("base", no_wrap=True)
    made.add_column("in", justify="right", no_wrap=True)
    for word in _COUNTED.values():
        made.add_column(word, justify="right", no_wrap=True)
    made.add_column("took", justify="right", no_wrap=True)
    for night in nights:
        cells = [Text(_when(night))]
        cells += [Text(clean(night.run)), Text(night.base[:7])] if roomy else []
        made.add_row(*cells, _inside(night), *(_number(night, what) for what in _COUNTED), _took(night))
    return made


def details(console: Console, nights: Sequence[Night]) -> None:
    """Below the table: who was not simply reused, and why, night by night."""
    for night in nights:
        lines = [*_lines(night)]
        if lines:
            ended = "could not begin" if night.fault else "not complete" if night.closed else "never closed"
            state = "complete" if night.complete else ended
            console.print(Text(f"\n{_when(night)}  {clean(night.run)}, {state}", "bold"))
        for line in lines:
            console.print(line, soft_wrap=True)


def story(nights: Sequence[Night], branch: str, width: int) -> Table:
    """One branch over the nights, newest last."""
    roomy = width >= _ROOMY
    made = _table(roomy)
    made.add_column("when", no_wrap=True)
    if roomy:
        made.add_column("run", no_wrap=True, overflow="ellipsis", max_width=38)
    made.add_column("what", no_wrap=True)
    made.add_column("attempt", justify="right", no_wrap=True)
    made.add_column("commit", no_wrap=True)
    made.add_column("why", ratio=1)
    for night in nights:
        deed = night.deeds[branch]
        what = Text(WORDS[deed.what], STYLES[deed.what])
        facts = (Text(str(deed.attempt or "-")), Text(deed.commit[:8] or "-"), Text(clean(deed.why)))
        run = [Text(clean(night.run))] if roomy else []
        made.add_row(Text(_when(night)), *run, what, *facts)
    return made


def _table(roomy: bool) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2 if roomy else 1, 0, 0), header_style="bold", expand=True)


def _lines(night: Night) -> Iterator[Text]:
    if night.fault:
        yield Text("  ").append("nothing was touched", "bold red").append(clean(f": {night.fault}"))
    together: dict[tuple[What, str], list[str]] = {}
    for branch, deed in reasons(night):
        together.setdefault((deed.what, deed.why), []).append(branch)
    for (what, why), ids in together.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        line = Text("  ").append(WORDS[what], STYLES[what])
        yield line.append(clean(f" {', '.join(ids[:_NAMED])}{more}" + (f": {why}" if why else "")))
    for said in night.flaky:
        yield Text("  ").append("flaky gate", "yellow").append(clean(f" of {said}; green on the same commit"))


def _inside(night: Night) -> Text:
    done = count(night.deeds.values(), *DONE)
    return Text(f"{done}/{len(night.deeds)}", "bold green" if night.complete else "bold red")


def _number(night: Night, what: What) -> Text:
    number = count(night.deeds.values(), what)
    return Text(str(number), STYLES[what]) if number else Text("·", "dim")


def _took(night: Night) -> Text:
    return Text(clock(night.seconds)) if night.closed else Text("not closed", "yellow")


def _when(night: Night) -> str:
    return night.opened[:16].replace("T", " ")
