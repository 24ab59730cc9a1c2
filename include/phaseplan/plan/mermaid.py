"""A plan as a mermaid flowchart: one subgraph a wave, one node a branch, one edge a dependency."""

from __future__ import annotations

from include.phaseplan.plan.model import Branch, PhasePlan

_FILLS = ("#e1f5fe,stroke:#01579b", "#fff3e0,stroke:#e65100", "#f3e5f5,stroke:#4a148c", "#e8f5e9,stroke:#1b5e20")
_ESCAPES = str.maketrans({"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "\n": " "})


def flowchart(plan: PhasePlan) -> str:
    """Mermaid text; titles cannot break out of their node."""
    nodes = {branch.id: f"b{i}" for i, branch in enumerate(plan)}
    lines = ["flowchart TD"]
    for wave in plan.waves:
        title = f"Wave {wave.wave}: {wave.title}" if wave.title else f"Wave {wave.wave}"
        lines.append(f'    subgraph w{wave.wave}["{_escape(title)}"]')
        lines += [f'        {nodes[branch.id]}["{_label(branch)}"]' for branch in wave.branches]
        lines.append("    end")
    lines += [f"    {nodes[needed]} --> {nodes[b.id]}" for b in plan for needed in b.depends_on]
    for i, wave in enumerate(plan.waves):
        members = ",".join(nodes[branch.id] for branch in wave.branches)
        lines += [
            f"    classDef wave{wave.wave} fill:{_FILLS[i % len(_FILLS)]}",
            f"    class {members} wave{wave.wave}",
        ]
    return "\n".join(lines) + "\n"


def _label(branch: Branch) -> str:
    size = f"<br/>{branch.lines} lines" if branch.lines else ""
    return f"{_escape(f'{branch.id}: {branch.title}')}{size}"


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
