"""Read a document into facts: every block is given to the readers that know its kind."""

from __future__ import annotations

import re
from collections import Counter

from phaseplan.documents.importing.blocks import Block, blocks
from phaseplan.documents.importing.context import Context, wave_heading, wave_of, with_context
from phaseplan.documents.importing.facts import Facts, Said
from phaseplan.documents.importing.readers import branches, graphs, pieces, prose, sharing, shells, tables
from phaseplan.documents.importing.schemes import scheme
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.statements import is_idle, statements
from phaseplan.documents.importing.words import clean, ids, names, slug
from phaseplan.documents.outline.attributes import phases
from phaseplan.documents.outline.lines import BOLD, Document

NEAR = 4  # lines below the first heading in which a bold line is the title


def read(doc: Document) -> Facts:
    """Return everything that a document says."""
    facts = Facts(file=doc.file)
    others = [block for block, _ in pieces.take(with_context(blocks(doc)), facts)]
    phase = facts.stated.top.get("phase") or phase_of(list(with_context(others)))
    facts.scheme = scheme(others, facts.stated.branches, phase.value if phase else None)
    _stand_ins(facts)
    contexts = list(with_context([facts.scheme.block(block) for block in others]))
    if phase is not None:
        facts.phases.append(phase)
    idle = {block.line for block, context in contexts if block.kind in ("text", "item") and is_idle(block, context)}
    soft = graphs.legend_says_soft(doc.text)
    lead = ""
    for block, context in contexts:
        if block.kind == "heading":
            _heading(block, context, facts)
        elif block.kind == "table":
            tables.read(block, context, facts)
        elif block.kind == "fence" and block.language in ("mermaid", ""):
            graphs.read(block, context, facts, phase.value if phase else None, soft)
        if block.kind == "fence":
            sharing.comments(block, context, facts)
            if "\u2500\u2500" in block.text or "--" in block.text:
                sharing.tree(block, context, facts)
        if block.kind == "text" and block.line not in idle:
            prose.paragraph(block, context, facts)
            branches.paragraph(block, context, facts)
        if block.kind == "fence" and block.language in shells.LANGUAGES:
            shells.read(block, context, facts, lead)
        lead = clean(block.text.rsplit("\n", 1)[-1]) if block.kind in ("text", "item") else ""
    for statement in statements(contexts, idle):
        prose.read(statement, facts)
        if not sharing.read(statement, facts):
            branches.read(statement, facts)
    _chain_of_waves(facts)
    _prefix(facts)
    for name in ("depends", "blocks", "independent"):
        getattr(facts, name).extend([] if getattr(facts, name) else getattr(facts.late, name))
    return facts


def _stand_ins(facts: Facts) -> None:
    """Use the same stand-ins in YAML of a plan's own shape."""
    alias = {label.id: stand_in for stand_in, label in facts.scheme.labels.items()}
    for mention in facts.mentions:
        mention.id = alias.get(mention.id or "", mention.id)


def phase_of(contexts: list[tuple[Block, Context]]) -> Said[int] | None:
    """Return the phase of a document: of its first heading, else of most of its ids and git names."""
    for block, _ in contexts:
        if block.kind == "heading" and block.level == 1 and (phase_numbers := phases(clean(block.text))):
            return Said(phase_numbers[0], block.line)
    votes: Counter[int] = Counter()
    first: dict[int, int] = {}
    for block, _ in contexts:
        raw = block.text + " ".join(cell for row in block.rows for cell in row.cells)
        numbers = [int(i.split(".")[0]) for i in ids(raw)] + [p for n in names(raw) if (p := slug(n)[0]) is not None]
        votes.update(numbers)
        for number in numbers:
            first.setdefault(number, block.line)
    if votes:
        number = votes.most_common(1)[0][0]
        return Said(number, first[number])
    for block, _ in contexts:
        if block.kind == "heading" and (phase_numbers := phases(clean(block.text))):
            return Said(phase_numbers[0], block.line)
    return None


def _heading(block: Block, context: Context, facts: Facts) -> None:
    text = clean(block.text)
    own = facts.phases[0].value if facts.phases else None
    if (block.level in (1, 2, 7) and wave_of(text) is None) and (phase_name := prose.phase_title(text)) is not None:
        name, strong = phase_name
        named = re.match(r"\W*Phase\s*\d+\s*[:(|\u2013\u2014-]", text, re.IGNORECASE)
        if block.level == 1 or (strong and named and phases(text) == (own,)):
            at = 0 if strong and not any(fact.source == "list" for fact in facts.titles) else len(facts.titles)
            facts.titles.insert(at, Said(name, block.line, "list" if strong else "text"))
        elif block.level == BOLD and facts.titles and 0 < block.line - facts.titles[0].line <= NEAR:
            facts.titles.insert(0 if facts.titles[0].source == "text" else 1, Said(name, block.line, "text"))
    number = wave_of(text)
    opened = wave_heading(text) if number is not None else None
    if opened is not None and number is not None:
        title, bracket_text = opened
        wave = facts.wave(number)
        if title:
            wave.titles.append(Said(title, block.line, "branch section"))
        if span := duration(bracket_text or ""):
            wave.spans.append(Said(span, block.line, "text"))
    branches.heading(text, block.line, context.wave if number is None else number, facts, block.text)


def _prefix(facts: Facts) -> None:
    """Complete names without a slash: by the whole name elsewhere, or by a prefix that all branches have."""
    whole: dict[str, set[str]] = {}
    for mention in facts.mentions:
        if mention.name and "/" in mention.name:
            whole.setdefault(mention.name.rsplit("/", 1)[-1], set()).add(mention.name)
    for mention in facts.mentions:
        if mention.name and len(whole_names := whole.get(mention.name, set())) == 1:
            mention.name = next(iter(whole_names))
    if facts.prefixes:
        for mention in facts.mentions:
            if mention.name and "/" not in mention.name:
                mention.name = facts.prefixes[0].value + mention.name


def _chain_of_waves(facts: Facts) -> None:
    """Join the critical branches that a wave table names for each wave to one path."""
    parts = [fact for fact in facts.critical if fact.source == "wave table"]
    if parts:
        whole = tuple(dict.fromkeys(b for fact in parts for b in fact.value))
        facts.critical = [fact for fact in facts.critical if fact.source != "wave table"]
        if len(whole) > 1:
            facts.critical.append(Said(whole, parts[-1].line, "wave table"))
