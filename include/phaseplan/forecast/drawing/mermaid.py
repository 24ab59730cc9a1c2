"""Draw plans as a mermaid flowchart: one subgraph a wave, one node a branch, one edge a dependency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from phaseplan.forecast.drawing.words import direct
from phaseplan.plan.model import Branch, PhasePlan

_FILLS = ("#e1f5fe,stroke:#01579b", "#fff3e0,stroke:#e65100", "#f3e5f5,stroke:#4a148c", "#e8f5e9,stroke:#1b5e20")
_ESCAPES = str.maketrans({"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "\n": " "})


def flowchart(plan: PhasePlan) -> str:
    """Write one plan as mermaid text; titles cannot break out of their node."""
    nodes = {branch.id: f"b{i}" for i, branch in enumerate(plan)}
    return (
        "\n".join(["flowchart TD", *_waves(plan, nodes, "w", "    "), *_edges(plan, nodes), *_colours([nodes], [plan])])
        + "\n"
    )


def campaign(plans: Sequence[PhasePlan]) -> str:
    """Write several plans as mermaid text: a subgraph for each phase, its waves in it; dashes tie phases that wait."""
    named = [{branch.id: f"p{i}b{j}" for j, branch in enumerate(plan)} for i, plan in enumerate(plans)]
    at = {plan.phase: i for i, plan in enumerate(plans)}
    lines = ["flowchart TD"]
    for i, (plan, nodes) in enumerate(zip(plans, named, strict=True)):
        lines.append(f'    subgraph p{i}["{_escape(f"Phase {plan.phase}: {plan.title}")}"]')
        lines += [*_waves(plan, nodes, f"p{i}w", "        "), "    end"]
    for plan, nodes in zip(plans, named, strict=True):
        lines += _edges(plan, nodes)
    lines += [f"    p{at[needed]} -.-> p{at[phase]}" for needed, phase in direct(plans)]
    return "\n".join([*lines, *_colours(named, plans)]) + "\n"


def _waves(plan: PhasePlan, nodes: Mapping[str, str], prefix: str, indent: str) -> Iterator[str]:
    for wave in plan.waves:
        title = f"Wave {wave.wave}: {wave.title}" if wave.title else f"Wave {wave.wave}"
        yield f'{indent}subgraph {prefix}{wave.wave}["{_escape(title)}"]'
        yield from (f'{indent}    {nodes[branch.id]}["{_label(branch)}"]' for branch in wave.branches)
        yield f"{indent}end"


def _edges(plan: PhasePlan, nodes: Mapping[str, str]) -> list[str]:
    return [f"    {nodes[needed]} --> {nodes[b.id]}" for b in plan for needed in b.depends_on]


def _colours(named: Sequence[Mapping[str, str]], plans: Sequence[PhasePlan]) -> Iterator[str]:
    """Colour the waves; those at the same place of their phases look alike."""
    members: dict[int, list[str]] = {}
    for plan, nodes in zip(plans, named, strict=True):
        for i, wave in enumerate(plan.waves):
            members.setdefault(i, []).extend(nodes[branch.id] for branch in wave.branches)
    for i, ids in members.items():
        yield f"    classDef wave{i + 1} fill:{_FILLS[i % len(_FILLS)]}"
        yield f"    class {','.join(ids)} wave{i + 1}"


def _label(branch: Branch) -> str:
    size = f"<br/>{branch.lines} lines" if branch.lines else ""
    return f"{_escape(f'{branch.id}: {branch.title}')}{size}"


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
