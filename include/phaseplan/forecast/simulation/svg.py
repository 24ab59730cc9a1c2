"""Draw a schedule: one row a branch with its dependencies, below it one lane an agent. Needs no other file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from phaseplan.forecast.simulation.axis import step
from phaseplan.forecast.simulation.report import Report
from phaseplan.plan.spans import text
from phaseplan.text.clean import clean

_WIDTH, _LEFT, _RIGHT, _TOP = 1240, 330, 76, 112
_ROW, _HEAD, _LANE, _GAP = 26, 30, 24, 44
_MOST_ARROWS = 400  # more are a black cloud
_MOST_LANES = 200
_COLOURS = (("#2f6fb3", "#e8f0f9"), ("#c2702a", "#fbf0e5"), ("#7a4fa3", "#f2ecf8"), ("#2f8560", "#e7f4ee"),
            ("#b0455c", "#faeaee"), ("#4f6475", "#edf1f4"))  # fmt: skip
_STYLE = """
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2933 }
.title { font-size: 21px; font-weight: 600 } .quiet { fill: #66727f; font-size: 12px } .wave { font-weight: 600 }
.id { font-weight: 600 } .in { fill: #fff; font-size: 11px; font-weight: 600 } .end { fill: #66727f; font-size: 12px }
.grid { stroke: #dfe4ea } .slack { stroke-width: 2; stroke-dasharray: 1 4; stroke-linecap: round }
.edge { fill: none; stroke: #9aa5b1; stroke-width: 1.2; opacity: .75 }
.hot { stroke: #c81e3a; stroke-width: 2; opacity: 1 }
"""


@dataclass(frozen=True)
class _Place:
    """Hold where one branch is drawn."""

    y: float
    wave: int  # index within its plan


class _Picture:
    """Hold the measures of one drawing."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.scale = (_WIDTH - _LEFT - _RIGHT) / (report.schedule.makespan or 1.0)
        self.places: dict[int, _Place] = {}
        self.bands: list[tuple[float, float, str, int]] = []  # top, height, words, index of the wave
        y, first, many = float(_TOP), 0, len(report.work.plans) > 1
        for plan in report.work.plans:
            for index, wave in enumerate(plan.waves):
                numbers = range(first, first + len(wave.branches))
                words = (
                    f"{f'Phase {plan.phase}, ' if many else ''}Wave {wave.wave}{f': {wave.title}' * bool(wave.title)}"
                )
                self.bands.append((y, _HEAD + _ROW * len(numbers) + 6, words, index))
                for row, n in enumerate(sorted(numbers, key=lambda n: (report.schedule.starts[n], n))):
                    self.places[n] = _Place(y + _HEAD + _ROW * row, index)
                y += _HEAD + _ROW * len(numbers) + 12
                first += len(wave.branches)
        self.rows_end = y
        self.lanes = min(report.agents.total, _MOST_LANES, max(report.schedule.agents, default=0) + 1)
        self.height = y + _GAP + _LANE * self.lanes + 24
        hot = set(report.critical_path)
        self.hot = {n for n, b in enumerate(report.work.branches) if (self.phase(n), b.id) in hot}

    def x(self, seconds: float) -> float:
        """Return the pixels of a time."""
        return _LEFT + seconds * self.scale

    def phase(self, number: int) -> int:
        """Return the phase of a branch."""
        return self.report.work.plans[self.report.work.plan_of[number]].phase


def svg(report: Report) -> str:
    """Draw the whole picture as one SVG document."""
    picture = _Picture(report)
    size = f'viewBox="0 0 {_WIDTH} {picture.height:.0f}" width="{_WIDTH}" height="{picture.height:.0f}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><style>{_STYLE}</style>']
    parts.append('<rect width="100%" height="100%" fill="#fff"/>')
    for section in (_title, _bands, _grid, _arrows, _bars, _lanes):
        parts += section(picture)
    return "\n".join([*parts, "</svg>\n"])


def _title(picture: _Picture) -> Iterator[str]:
    report = picture.report
    plans = report.work.plans
    name = f"Phase {plans[0].phase}: {plans[0].title}" if len(plans) == 1 else (
        f"Phases {', '.join(str(p.phase) for p in plans)}")  # fmt: skip
    start = report.question.start or "/".join(sorted({p.start for p in plans}))
    chance = report.chance
    facts = [f"ends after {text(report.schedule.makespan)}", f"{report.agents.total} agents", f"start: {start}",
             f"one after another {text(report.sequential)}", f"not below {text(report.bound)}"]  # fmt: skip
    if chance.ranged:
        facts.append(f"P50 {text(chance.p50)}, P90 {text(chance.p90)}")
    yield _text(24, 38, name, "title")
    yield _text(24, 62, "  ·  ".join(facts), "quiet")
    hot = len(picture.hot) and f"critical path {text(report.critical_time)}"
    yield f'<line x1="24" y1="79" x2="44" y2="79" class="edge hot"/>{_text(50, 83, str(hot), "quiet")}'


def _bands(picture: _Picture) -> Iterator[str]:
    for top, height, words, index in picture.bands:
        fill = _COLOURS[index % len(_COLOURS)][1]
        yield f'<rect x="12" y="{top:.1f}" width="{_WIDTH - 24}" height="{height:.1f}" rx="8" fill="{fill}"/>'
        yield _text(24, top + 20, words, "wave")


def _grid(picture: _Picture) -> Iterator[str]:
    bottom = picture.rows_end + _GAP + _LANE * picture.lanes
    for seconds in step(picture.report.schedule.makespan, 12):
        x = picture.x(seconds)
        yield f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{bottom:.1f}" class="grid"/>'
        yield _text(x, _TOP - 12, text(seconds) if seconds else "0", "quiet", "middle")


def _arrows(picture: _Picture) -> Iterator[str]:
    """Draw dependencies as curves from end to start; those on the critical path last, over all others."""
    work = picture.report.work
    if len(work.branches) > _MOST_ARROWS:
        return
    number_of = {(picture.phase(n), b.id): n for n, b in enumerate(work.branches)}
    edges = [(number_of[picture.phase(n), d], n) for n, b in enumerate(work.branches) for d in b.depends_on]
    for one, other in sorted(edges, key=lambda e: e[0] in picture.hot and e[1] in picture.hot):
        x1, x2 = picture.x(picture.report.schedule.ends[one]), picture.x(picture.report.schedule.starts[other])
        y1, y2 = (picture.places[n].y + _ROW / 2 for n in (one, other))
        bend = max(14.0, (x2 - x1) / 2)
        hot = " hot" if one in picture.hot and other in picture.hot else ""
        curve = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        yield f'<path d="{curve}" class="edge{hot}"/>'


def _bars(picture: _Picture) -> Iterator[str]:
    report = picture.report
    for number, place in picture.places.items():
        branch, y = report.work.branches[number], place.y
        colour = _COLOURS[place.wave % len(_COLOURS)][0]
        end, slack = report.schedule.ends[number], report.slack[number]
        x = picture.x(report.schedule.starts[number])
        width = max(3.0, picture.x(end) - x)
        yield _text(24, y + 17, branch.id, "id")
        yield _text(24 + 9 + 7.6 * len(branch.id), y + 17, _short(branch.title, 36 - len(branch.id)))
        if slack > 0:
            line = f'x1="{x + width + 4:.1f}" x2="{picture.x(end + slack):.1f}" y1="{y + 13:.1f}" y2="{y + 13:.1f}"'
            yield f'<line {line} stroke="{colour}" class="slack"/>'
        ring = ' stroke="#c81e3a" stroke-width="2"' if number in picture.hot else ""
        shape = f'x="{x + 1:.1f}" y="{y + 4:.1f}" width="{width - 2:.1f}" height="{_ROW - 8}" rx="4" fill="{colour}"'
        agent = f"agent {report.who(report.schedule.agents[number])}"
        tooltip = f"{branch.id} {branch.title}: {text(report.work.costs[number])}, {agent}"
        yield f"<rect {shape}{ring}><title>{escape(clean(tooltip))}</title></rect>"
        if width > 16 + 6.8 * len(agent):
            yield _text(x + 8, y + 17, agent, "in")
        yield _text(_WIDTH - 24, y + 17, text(end), "end", "end")


def _lanes(picture: _Picture) -> Iterator[str]:
    report, top = picture.report, picture.rows_end + _GAP
    yield _text(24, top - 14, "Agents at work", "wave")
    for lane in range(picture.lanes):
        y = top + _LANE * lane
        yield _text(24, y + 16, f"agent {report.who(lane)}")
        yield _text(_WIDTH - 24, y + 16, f"{100 * report.utilisation[lane]:.0f} %", "end", "end")
        track = f'x="{_LEFT}" y="{y + 3}" width="{_WIDTH - _LEFT - _RIGHT}" height="{_LANE - 6}"'
        yield f'<rect {track} rx="4" fill="#f1f3f6"/>'
    for number, lane in enumerate(report.schedule.agents):
        if lane < picture.lanes:
            x, end = picture.x(report.schedule.starts[number]), picture.x(report.schedule.ends[number])
            y, colour = top + _LANE * lane, _COLOURS[picture.places[number].wave % len(_COLOURS)][0]
            size = f'width="{max(1.5, end - x - 2):.1f}" height="{_LANE - 6}" rx="4" fill="{colour}"'
            yield f'<rect x="{x + 1:.1f}" y="{y + 3}" {size}/>'
            label = report.work.branches[number].id
            if end - x > 9 * len(label):
                yield _text((x + end) / 2, y + 16, label, "in", "middle")


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    style = f" class={quoteattr(kind)}" if kind else ""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}{where}>{escape(clean(words))}</text>'


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: max(1, most - 1)] + "…"
