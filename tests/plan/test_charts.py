"""Plans as pictures: everything is in them, nothing breaks out, and what waits stands right of what it waits for."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from phaseplan.cli.lint import default_plans
from phaseplan.forecast.drawing.layout import arrange
from phaseplan.forecast.drawing.mermaid import campaign as mermaid
from phaseplan.forecast.drawing.svg import svg
from phaseplan.forecast.drawing.text import WIDTH, text
from phaseplan.forecast.drawing.words import direct
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan

PLANS = [loaded.plan for loaded in load_valid(default_plans(), None).plans]
HOSTILE = 'x"]</text><script>alert(1)</script>&\n\x1b[2J\ufffe\u202e' + "w" * 300
SVG = "{http://www.w3.org/2000/svg}"


def hostile() -> PhasePlan:
    """Phase 5, every free text of it replaced."""
    waves = tuple(
        wave.model_copy(
            update={
                "title": HOSTILE,
                "branches": tuple(b.model_copy(update={"title": HOSTILE, "branch": HOSTILE}) for b in wave.branches),
            }
        )
        for wave in PLANS[0].waves
    )
    return PLANS[0].model_copy(update={"title": HOSTILE, "waves": waves})


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"phase-{plan.phase}")
def test_edges_are_drawn_from_left_to_right_through_every_layer(plan: PhasePlan) -> None:
    layout = arrange(plan)
    assert sorted(n for layer in layout.layers for n in layer if isinstance(n, str)) == sorted(plan.by_id)
    assert list(layout.waves) == sorted(layout.waves)
    assert len(layout.edges) == sum(len(branch.depends_on) for branch in plan)
    for edge in layout.edges:
        assert [layer for layer, _ in edge] == list(range(edge[0][0], edge[-1][0] + 1))
        assert all(node in layout.layers[layer] for layer, node in edge)


def test_implied_edges_between_phases_are_not_drawn() -> None:
    assert direct(PLANS) == [(5, 6), (6, 7), (7, 8), (8, 9), (9, 10)]
    assert direct([PLANS[0], PLANS[3]]) == [(5, 8)]
    assert direct(PLANS[3:4]) == []


def test_svg_has_every_branch_and_edge_and_nothing_overlaps() -> None:
    root = ElementTree.fromstring(svg(PLANS))
    words = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    branches = [branch for plan in PLANS for branch in plan]
    assert all(words.count(b.id) == 1 and words.count(b.slug) >= 1 for b in branches) and len(branches) == 47
    edges = [element for element in root.iter(f"{SVG}path") if element.get("class") == "edge"]
    assert len(edges) == sum(len(branch.depends_on) for branch in branches)
    assert len([e for e in root.iter(f"{SVG}path") if e.get("class") == "wait"]) == 5
    for group in root.findall(f"{SVG}g"):
        boxes = [
            [float(r.get(k, 0)) for k in ("x", "y", "width", "height")]
            for r in group.iter(f"{SVG}rect")
            if r.get("class") == "box"
        ]
        for i, (x, y, w, h) in enumerate(boxes):
            assert all(x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y for x2, y2, w2, h2 in boxes[i + 1 :])
    assert float(root.get("width", 0)) < 1600


def test_svg_loads_nothing_from_other_hosts() -> None:
    drawn = svg(PLANS)
    assert re.findall(r"https?://[^\"]+", drawn) == ["http://www.w3.org/2000/svg"]
    assert set(re.findall(r"url\(([^)]*)\)", drawn)) <= {"#to0", "#to1", "#to2", "#to3", "#wait"}


def test_svg_escapes_any_text_of_a_plan() -> None:
    root = ElementTree.fromstring(svg([hostile()]))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "style", "defs", "marker", "path", "rect", "g", "text"}
    assert not any("\x1b" in word or "\u202e" in word for word in root.itertext())


def test_edges_between_distant_phases_go_around_those_between() -> None:
    apart = [PLANS[0], PLANS[1], PLANS[2].model_copy(update={"depends_on": (5,)})]
    waits = [e.get("d", "") for e in ElementTree.fromstring(svg(apart)).iter(f"{SVG}path") if e.get("class") == "wait"]
    assert sorted(" C" in path for path in waits) == [False, True]


def test_the_text_drawing_fits_a_terminal_and_names_every_branch() -> None:
    drawn = text(PLANS)
    assert max(map(cell_len, drawn.splitlines())) <= WIDTH
    assert all(f" {branch.id} " in drawn for plan in PLANS for branch in plan)
    assert "5.2.1   workload-dist" in drawn and "← 5.1.1, 5.1.3" in drawn and "│ waits for phase 5, 6\n" in drawn
    shown = text([hostile()])
    assert max(map(cell_len, shown.splitlines())) <= WIDTH and "\x1b" not in shown
    assert len(shown.splitlines()) == len(text(PLANS[:1]).splitlines())


def test_mermaid_of_a_campaign_has_every_phase_and_wave() -> None:
    chart = mermaid(PLANS)
    assert chart.count("subgraph p") == len(PLANS) + sum(len(plan.waves) for plan in PLANS)
    assert chart.count("subgraph") == chart.count("\n        end") + chart.count("\n    end")
    assert chart.count(" --> ") == sum(len(branch.depends_on) for plan in PLANS for branch in plan)
    assert chart.count(" -.-> ") == 5
    assert all(line.count('"') in (0, 2) for line in mermaid([hostile()]).splitlines())
