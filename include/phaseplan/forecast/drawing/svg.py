"""Draw plans as one self-contained SVG: a band for each phase, waves from left to right, dependencies as curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from rich.cells import cell_len, set_cell_size

from phaseplan.forecast.drawing.layout import Layout, Node, arrange
from phaseplan.forecast.drawing.words import direct, size, wave_head
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.text.clean import clean

BOX, BOX_HEIGHT, LANE_HEIGHT = 224, 46, 16  # pixels
GAP, COLUMN_GAP, PAD = 14, 52, 14
HEAD, WAVE_HEAD, BETWEEN = 46, 44, 44  # heights of a phase's and a wave's title; between two phases
GUTTER = 26  # on the left, for arrows between phases that are not neighbours
WAVES = ("#e3f2fd", "#fff3e0", "#f3e5f5", "#e8f5e9")
EDGES = ("#1565c0", "#e65100", "#6a1b9a", "#2e7d32")
_STYLE = """
text { font-family: system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; fill: #1f2933; font-size: 12px }
.phase { font-size: 18px; font-weight: 600 } .soft { fill: #52606d } .id { font-weight: 700 }
.wave { font-size: 11px; font-weight: 700 } .of { font-size: 11px }
.band { fill: #ffffff; stroke: #cbd2d9 } .box { fill: #ffffff }
.edge { fill: none; stroke-width: 1.6; opacity: .8 }
.wait { fill: none; stroke: #52606d; stroke-width: 1.8; stroke-dasharray: 6 5 }
"""


@dataclass(frozen=True, slots=True)
class _Band:
    """Hold one phase with the places of its nodes (left, middle), relative to the band."""

    plan: PhasePlan
    layout: Layout
    at: dict[tuple[int, Node], tuple[float, float]]
    lefts: tuple[float, ...]  # of the layers
    width: float
    height: float


def svg(plans: Sequence[PhasePlan]) -> str:
    """Draw one picture of all plans, in the order given."""
    bands = [_band(plan) for plan in plans]
    waits = direct(plans)
    order = {plan.phase: i for i, plan in enumerate(plans)}
    left = PAD + GUTTER * max((abs(order[b] - order[a]) > 1 for a, b in waits), default=False)
    width = left + max(band.width for band in bands) + PAD
    tops = [PAD + sum(band.height + BETWEEN for band in bands[:i]) for i in range(len(bands))]
    height = tops[-1] + bands[-1].height + PAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {_size(width, height)}>',
        f"<title>{_words('Phases ' + ', '.join(str(plan.phase) for plan in plans))}</title>",
        f"<style>{_STYLE}</style>",
        _markers(),
        f'<rect {_size(width, height)} fill="#f5f7fa"/>',
    ]
    for band, top in zip(bands, tops, strict=True):
        out += [f'<g transform="translate({left:g} {top:g})">', *_draw(band, width - left - PAD), "</g>"]
    out += [_wait(bands, tops, left, order[a], order[b]) for a, b in waits]
    return "\n".join([*out, "</svg>"]) + "\n"


def _band(plan: PhasePlan) -> _Band:
    layout = arrange(plan)
    heights = [sum(map(_height, layer)) + GAP * (len(layer) - 1) for layer in layout.layers]
    body = max(heights)
    lefts, x = [], float(2 * PAD)
    for i, wave in enumerate(layout.waves):
        if i:
            x += BOX + COLUMN_GAP + (PAD if layout.waves[i - 1] != wave else 0)
        lefts.append(x)
    at: dict[tuple[int, Node], tuple[float, float]] = {}
    for i, layer in enumerate(layout.layers):
        y = HEAD + WAVE_HEAD + (body - heights[i]) / 2
        for node in layer:
            at[i, node] = (lefts[i], y + _height(node) / 2)
            y += _height(node) + GAP
    return _Band(plan, layout, at, tuple(lefts), x + BOX + 2 * PAD, HEAD + WAVE_HEAD + body + 2 * PAD)


def _height(node: Node) -> int:
    return BOX_HEIGHT if isinstance(node, str) else LANE_HEIGHT


def _draw(band: _Band, width: float) -> Iterator[str]:
    plan = band.plan
    title = _words(f"Phase {plan.phase}: {plan.title}", int(width / 10) - 26)
    yield f'<rect class="band" {_size(width, band.height)} rx="10"/>'
    yield f'<text class="phase" x="{PAD}" y="29">{title}</text>'
    yield f'<text class="soft" x="{width - PAD:g}" y="29" text-anchor="end">{_words(size(plan))}</text>'
    for index in range(len(plan.waves)):
        yield from _wave(band, index)
    for edge in band.layout.edges:
        yield _edge(band, edge)
    for (layer, node), (x, y) in band.at.items():
        if isinstance(node, str):
            yield from _box(plan.by_id[node], x, y, EDGES[band.layout.waves[layer] % len(EDGES)])


def _wave(band: _Band, index: int) -> Iterator[str]:
    wave = band.plan.waves[index]
    own = [left for left, i in zip(band.lefts, band.layout.waves, strict=True) if i == index]
    left, width = own[0] - PAD, own[-1] - own[0] + BOX + 2 * PAD
    fill, line = WAVES[index % len(WAVES)], EDGES[index % len(EDGES)]
    yield f'<rect x="{left:g}" y="{HEAD}" {_size(width, band.height - HEAD - PAD)} rx="8" fill="{fill}"/>'
    yield f'<text class="wave" x="{left + PAD:g}" y="{HEAD + 18}" style="fill:{line}">{_words(wave_head(wave))}</text>'
    title = _words(wave.title, int((width - PAD - 4) / 6.6))
    yield f'<text class="of" x="{left + PAD:g}" y="{HEAD + 34}">{title}</text>'


def _box(branch: Branch, x: float, y: float, line: str) -> Iterator[str]:
    top = y - BOX_HEIGHT / 2
    lines = f"{branch.lines} lines" if branch.lines else ""
    yield f"<g><title>{_words(f'{branch.id} {branch.title} ({branch.branch})')}</title>"
    yield f'<rect class="box" x="{x:g}" y="{top:g}" {_size(BOX, BOX_HEIGHT)} rx="6" stroke="{line}"/>'
    yield f'<text class="id" x="{x + 10:g}" y="{top + 18:g}">{_words(branch.id, 14)}</text>'
    yield f'<text class="soft" x="{x + BOX - 10:g}" y="{top + 18:g}" text-anchor="end">{_words(lines)}</text>'
    yield f'<text x="{x + 10:g}" y="{top + 36:g}">{_words(branch.slug or branch.title, 28)}</text></g>'


def _edge(band: _Band, edge: tuple[tuple[int, Node], ...]) -> str:
    """Draw a curve from box to box, straight through the lanes it was given."""
    x, y = band.at[edge[0]]
    path, at = f"M{x + BOX:g} {y:g}", x + BOX
    for key in edge[1:]:
        x, next_y = band.at[key]
        end = x - (0 if isinstance(key[1], tuple) else 2)  # the arrow's head must not run into the box
        half = (end - at) / 2
        path += f" C{at + half:g} {y:g} {end - half:g} {next_y:g} {end:g} {next_y:g}"
        y, at = next_y, end
        if isinstance(key[1], tuple):
            path, at = f"{path} H{x + BOX:g}", x + BOX
    which = band.layout.waves[edge[0][0]] % len(EDGES)
    return f'<path class="edge" stroke="{EDGES[which]}" marker-end="url(#to{which})" d="{path}"/>'


def _wait(bands: Sequence[_Band], tops: Sequence[float], left: float, needed: int, phase: int) -> str:
    """Draw a dashed curve from the band that is needed to the one that waits."""
    if phase == needed + 1:
        x = left + 60
        path = f"M{x:g} {tops[needed] + bands[needed].height:g} V{tops[phase] - 3:g}"
    else:
        start, end = tops[needed] + bands[needed].height / 2, tops[phase] + bands[phase].height / 2
        path = f"M{left:g} {start:g} C{PAD - 4:g} {start:g} {PAD - 4:g} {end:g} {left - 3:g} {end:g}"
    return f'<path class="wait" marker-end="url(#wait)" d="{path}"/>'


def _markers() -> str:
    shapes = [(f"to{i}", color) for i, color in enumerate(EDGES)] + [("wait", "#52606d")]
    return "<defs>" + "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z" fill="{color}"/></marker>'
        for name, color in shapes
    ) + "</defs>"  # fmt: skip


def _size(width: float, height: float) -> str:
    return f'width="{width:g}" height="{height:g}"'


def _words(text: str, width: int = 400) -> str:
    """Make text of a plan fit for XML: forbidden characters replaced, markup escaped, cut to a width in columns."""
    text = clean(text).translate({0xFFFE: "?", 0xFFFF: "?"})
    if cell_len(text) > width:
        text = set_cell_size(text, max(1, width - 1)) + "…"
    return escape(text, quote=True)
