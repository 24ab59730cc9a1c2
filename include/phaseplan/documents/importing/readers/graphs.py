"""Read flowcharts as facts: which node is which branch, which edge is a dependency."""

from __future__ import annotations

import re

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context, wave_heading, wave_of
from phaseplan.documents.importing.facts import Facts, Mention
from phaseplan.documents.importing.flowchart import Edge, Node, flowchart
from phaseplan.documents.importing.titles import lines_of
from phaseplan.documents.importing.words import clean, ids, ids_out, names

_SOFT = re.compile(
    r"\b(?:optional\w*|soft|weak|informational|informative|coordinat\w*|recommended|nice[- ]to[- ]have|later|"
    r"future|may|"
    r"could|loosely|for reference|references? only|reviews? only|integration only|not block\w*)\b",
    re.I,
)
_ENTITY = re.compile(r"#(\w{1,20});")  # of a label: `#amp;` as Mermaid writes it
_NEEDS = re.compile(r"^(?:depends(?: on)?|requires?|needs|waits (?:for|on)|blocked by|uses|imports|consumes)$", re.I)
_LEGEND = re.compile(
    r"(?:dotted|dashed|-\.+->?)[^.\n]{0,60}(?:optional|soft|weak|inform|coordination|"
    r"recommended|nice|integration only|not block)"
    r"|(?:optional|soft|weak|informational|coordination)[^.\n]{0,60}(?:dotted|dashed|-\.+->?)",
    re.IGNORECASE,
)


def read(block: Block, context: Context, facts: Facts, phase: int | None, soft_dots: bool) -> None:
    """Add a flowchart's nodes and edges to the facts; other diagrams are ignored."""
    chart = flowchart(block.text, block.line)
    if chart is None:
        return
    mentions = {key: m for key, node in chart.nodes.items() if (m := _mention(node, phase)) is not None}
    if context.under(r"critical path", 1):
        return  # a claim, not dependencies
    for edge in chart.edges:
        start, end = (edge.end, edge.start) if _turned(edge, mentions) else (edge.start, edge.end)
        if start in mentions and end in mentions and start != end and not _is_soft(edge, soft_dots):
            mentions[end].nodes.append((mentions[start], edge.line))
    facts.mentions += mentions.values()


def legend_says_soft(text: str) -> bool:
    """Say whether a document calls dotted edges optional."""
    marks = ("dotted", "dashed", "-.")
    low = text.lower()
    if not any(mark in low for mark in marks):
        return False
    lines = (line for line in low.split("\n") if any(mark in line for mark in marks))
    return any(_LEGEND.search(line) for line in lines)


def _turned(edge: Edge, mentions: dict[str, Mention]) -> bool:
    """Say whether an edge points at what is needed (`B -->|depends on| A`), unless the waves contradict that."""
    if not _NEEDS.match(clean(edge.label)):
        return False
    start, end = mentions.get(edge.start), mentions.get(edge.end)
    ordered = start and end and start.wave is not None and end.wave is not None and start.wave < end.wave
    return not ordered


def _is_soft(edge: Edge, soft_dots: bool) -> bool:
    return (edge.dotted and (soft_dots or "integration" in edge.label.lower())) or _SOFT.search(edge.label) is not None


def _mention(node: Node, phase: int | None) -> Mention | None:
    """Return the branch that a node stands for; None: a wave, another phase, a legend."""
    labels = [clean(_ENTITY.sub(r"&\1;", label)) for label, _ in node.labels] or [node.key]
    text = max(labels, key=len)
    branch_ids = next((f for label in labels if (f := ids(label))), [])
    wave = wave_of(node.group, wave_of(re.sub(r"(\d)", r" \1", node.style), wave_of(node.comment)))
    if not branch_ids and (
        re.search(r"\b(?:legend|key)\b", node.group, re.I) or re.match(r"phase[ _]*\d|p\d+\b", text, re.I)
    ):
        return None
    if len(branch_ids) > 1 or (not branch_ids and (wave_heading(text) is not None or not node.labels)):
        return None
    branch = branch_ids[0] if branch_ids else None
    if branch is not None and phase is not None and not branch.startswith(f"{phase}."):
        return None
    name = next((n for label, _ in node.labels for n in names(label)), None)
    sized = lines_of(text)
    return Mention("graph", node.line, id=branch, name=name, title=_title(text), lines=sized, wave=wave)


def _title(label: str) -> str | None:
    """Return a label without id, size, git name and duration."""
    parts = [p.strip(" :-\u2013()") for p in re.split(r", |\\n|\|", ids_out(label).replace("\\n", ", "))]
    title_parts = [
        p
        for p in parts
        if p and not re.match(r"~?\d[\d,.\u2192> -]*\s*(?:lines|loc|h|d|hours|days)?\b", p, re.I) and not names(p)
    ]
    return title_parts[0] if title_parts else None
