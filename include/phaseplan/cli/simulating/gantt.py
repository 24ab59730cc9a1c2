"""Draw a schedule as bars, one branch a row, in 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.cli.simulating.lines import WIDTH, Line, fit, plain
from phaseplan.forecast.simulation.axis import step
from phaseplan.forecast.simulation.report import Report
from phaseplan.plan.spans import text

COLOURS = ("cyan", "yellow", "magenta", "green", "blue")
_ROWS = 60  # branches that are shown
_NAME, _AGENT, _END = 33, 5, 6
_BARS = WIDTH - 2 - _NAME - 1 - _AGENT - 1 - _END


def gantt(report: Report) -> Iterator[Line]:
    """Draw bars by wave, in the order in which the branches start: full bars have no slack, dots are slack."""
    scale = _BARS / report.schedule.makespan if report.schedule.makespan else 0.0
    yield [(" " * (2 + _NAME + 1 + _AGENT), ""), (_ticks(report.schedule.makespan, scale), "dim")]
    shown, first = 0, 0
    for plan in report.work.plans:
        for index, wave in enumerate(plan.waves):
            numbers = range(first, first + len(wave.branches))
            first += len(wave.branches)
            if shown >= _ROWS:
                continue
            title = f"{f'phase {plan.phase}, ' if len(report.work.plans) > 1 else ''}wave {wave.wave}"
            yield plain(f"  {title}{f': {wave.title}' if wave.title else ''}", "dim")
            for number in sorted(numbers, key=lambda n: (report.schedule.starts[n], n))[: _ROWS - shown]:
                yield _row(report, number, scale, COLOURS[index % len(COLOURS)])
                shown += 1
    if shown < len(report.work.branches):
        yield plain(f"  ... and {len(report.work.branches) - shown} more: --svg FILE draws them all", "dim")


def _row(report: Report, number: int, scale: float, colour: str) -> Line:
    branch, schedule, slack = report.work.branches[number], report.schedule, report.slack[number]
    before, length = round(schedule.starts[number] * scale), round(schedule.ends[number] * scale)
    length = max(1, length - before)
    dots = max(0, min(_BARS, round((schedule.ends[number] + slack) * scale)) - before - length)
    mark = "█" if slack < 1 else "▒"
    space = " " * max(0, _BARS - before - length - dots)
    return [
        (f"  {fit(f'{branch.id} {branch.title}', _NAME)} ", "bold" if slack < 1 else ""),
        (f"{fit(report.who(schedule.agents[number]), _AGENT - 1, right=True)} ", "dim"),
        (" " * before, ""),
        (mark * length, colour),
        ("·" * dots, "dim"),
        (space + fit(text(schedule.ends[number]), _END + 1, right=True), ""),
    ]


def _ticks(makespan: float, scale: float) -> str:
    """Write times over the bars, each beginning at its place."""
    line = [" "] * (_BARS + _END)
    for at in step(makespan, 8):
        place, label = round(at * scale), f"╷{text(at) if at else 0}"
        if place + len(label) <= len(line):
            line[place : place + len(label)] = label
    return "".join(line).rstrip()
