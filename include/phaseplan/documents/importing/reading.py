"""A document to facts: every block to the readers that know its kind."""

from __future__ import annotations

import re
from collections import Counter

from phaseplan.documents.importing import branches, graphs, pieces, prose, sharing, shells, tables
from phaseplan.documents.importing.blocks import Block, blocks
from phaseplan.documents.importing.context import Context, wave_heading, wave_of, with_context
from phaseplan.documents.importing.facts import Facts, Said
from phaseplan.documents.importing.schemes import scheme
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.statements import statements
from phaseplan.documents.importing.ties import phases
from phaseplan.documents.importing.words import clean, ids, names, slug

NEAR = 4  # lines below the first heading, where a line in bold says what it is about


def read(file: str, text: str) -> Facts:
    """Everything a document says."""
    facts = Facts(file=file)
    others = [block for block, _ in pieces.take(with_context(blocks(text)), facts)]
    phase = facts.stated.top.get("phase") or phase_of(list(with_context(others)))
    facts.scheme = scheme(others, facts.stated.branches, phase.value if phase else None)
    _stand_ins(facts)
    found = list(with_context([facts.scheme.block(block) for block in others]))
    if phase is not None:
        facts.phases.append(phase)
    soft = graphs.legend_says_soft(text)
    lead = ""
    for block, context in found:
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
        if block.kind == "text":
            prose.paragraph(block, context, facts)
            branches.paragraph(block, context, facts)
        if block.kind == "fence" and block.language in shells.LANGUAGES:
            shells.read(block, context, facts, lead)
        lead = clean(block.text.rsplit("\n", 1)[-1]) if block.kind in ("text", "item") else ""
    for statement in statements(found):
        prose.read(statement, facts)
        if not sharing.read(statement, facts):
            branches.read(statement, facts)
    _chain_of_waves(facts)
    _prefix(facts)
    for name in ("depends", "blocks", "independent"):
        getattr(facts, name).extend([] if getattr(facts, name) else getattr(facts.late, name))
    return facts


def _stand_ins(facts: Facts) -> None:
    """What YAML in a plan's own shape says goes by the same stand-ins as the rest."""
    alias = {label.id: stand_in for stand_in, label in facts.scheme.labels.items()}
    for mention in facts.mentions:
        mention.id = alias.get(mention.id or "", mention.id)


def phase_of(found: list[tuple[Block, Context]]) -> Said[int] | None:
    """The phase of a document: its first heading, else what most of its ids and git names say."""
    for block, _ in found:
        if block.kind == "heading" and block.level == 1 and (told := phases(clean(block.text))):
            return Said(told[0], block.line)
    votes: Counter[int] = Counter()
    first: dict[int, int] = {}
    for block, _ in found:
        raw = block.text + " ".join(cell for row in block.rows for cell in row.cells)
        said = [int(i.split(".")[0]) for i in ids(raw)] + [p for n in names(raw) if (p := slug(n)[0]) is not None]
        votes.update(said)
        for number in said:
            first.setdefault(number, block.line)
    if votes:
        number = votes.most_common(1)[0][0]
        return Said(number, first[number])
    for block, _ in found:
        if block.kind == "heading" and (told := phases(clean(block.text))):
            return Said(told[0], block.line)
    return None


def _heading(block: Block, context: Context, facts: Facts) -> None:
    text = clean(block.text)
    own = facts.phases[0].value if facts.phases else None
    if (block.level in (1, 2, 7) and wave_of(text) is None) and (told := prose.phase_title(text)) is not None:
        name, strong = told
        named = re.match(r"\W*Phase\s*\d+\s*[:(|\u2013\u2014-]", text, re.IGNORECASE)
        if block.level == 1 or (strong and named and phases(text) == (own,)):
            at = 0 if strong and not any(said.source == "list" for said in facts.titles) else len(facts.titles)
            facts.titles.insert(at, Said(name, block.line, "list" if strong else "text"))
        elif block.level == 7 and facts.titles and 0 < block.line - facts.titles[0].line <= NEAR:
            facts.titles.insert(0 if facts.titles[0].source == "text" else 1, Said(name, block.line, "text"))
    number = wave_of(text)
    opened = wave_heading(text) if number is not None else None
    if opened is not None and number is not None:
        title, rest = opened
        wave = facts.wave(number)
        if title:
            wave.titles.append(Said(title, block.line, "branch section"))
        if span := duration(rest or ""):
            wave.spans.append(Said(span, block.line, "text"))
    branches.heading(text, block.line, context.wave if number is None else number, facts, block.text)


def _prefix(facts: Facts) -> None:
    """Names without a slash: what is made under the whole name elsewhere, or a prefix that all branches have."""
    whole: dict[str, set[str]] = {}
    for mention in facts.mentions:
        if mention.name and "/" in mention.name:
            whole.setdefault(mention.name.rsplit("/", 1)[-1], set()).add(mention.name)
    for mention in facts.mentions:
        if mention.name and len(found := whole.get(mention.name, set())) == 1:
            mention.name = next(iter(found))
    if facts.prefixes:
        for mention in facts.mentions:
            if mention.name and "/" not in mention.name:
                mention.name = facts.prefixes[0].value + mention.name


def _chain_of_waves(facts: Facts) -> None:
    """A wave table says of each wave which branch is critical: together they are a path."""
    parts = [said for said in facts.critical if said.source == "wave table"]
    if parts:
        whole = tuple(dict.fromkeys(b for said in parts for b in said.value))
        facts.critical = [said for said in facts.critical if said.source != "wave table"]
        if len(whole) > 1:
            facts.critical.append(Said(whole, parts[-1].line, "wave table"))
