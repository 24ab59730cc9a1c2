"""Read a plan in waves that says one thing in many places: facts, the plan that is chosen from them, contradictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phaseplan.documents.importing.contradictions import disagreements, figures, promises, soundness
from phaseplan.documents.importing.contradictions.soundness import Others
from phaseplan.documents.importing.draft import Draft, draft
from phaseplan.documents.importing.phase import fill
from phaseplan.documents.importing.readers.pieces import overlay
from phaseplan.documents.importing.reading import read as facts_of
from phaseplan.documents.importing.words import ids
from phaseplan.documents.outline import edges, plans
from phaseplan.documents.outline.findings import checks, contradictions, unnamed, unused
from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Outline, Trouble
from phaseplan.documents.outline.text import git_names


@dataclass(frozen=True)
class Plan:
    """Hold the text of the plan, what is to be reported, and how many lines that look like units were used."""

    text: str
    troubles: list[Trouble]
    shown: Callable[[str], str]  # puts the document's own words back
    used: int
    rows: int


def units(doc: Document) -> Outline | None:
    """Return the units with their lines and needs, by the document's own ids; None if there are none."""
    plan = _draft(doc)
    if plan is None:
        return None
    label = plan.facts.scheme.label
    for unit in plan.units:
        unit.id, unit.needs = label(unit.id), [At(label(need.value), need.line) for need in unit.needs]
    return Outline("waves", [plan.part])


def _draft(doc: Document) -> Draft | None:
    """Choose the plan from the facts; None if it has no branches."""
    plan = draft(facts_of(doc))
    if not plan.units:
        return None
    fill(plan)
    return plan


def read(doc: Document, others: Others) -> Plan | None:
    """Read the plan, with what contradicts itself in it; None if it has no branches."""
    plan = _draft(doc)
    if plan is None:
        return None
    facts, branches = plan.facts, plan.units
    outline = Outline("a plan in waves (docs/decisions/016)", [plan.part])
    checks.check(outline)
    lost, used, rows = unused.of_waves(doc, _used(doc, plan))
    troubles: list[Trouble] = [*outline.troubles, *disagreements.find(plan), *figures.find(plan), *promises.find(plan)]
    troubles += [*soundness.find(plan, others), *lost]
    troubles += unnamed.needs(doc, [plan.part], unused.reported_lines(troubles))
    paths = [At(fact.value, fact.line) for fact in facts.critical] or edges.critical(doc, Known(branches))
    troubles += [one for path in paths for one in contradictions.critical(doc.file, path, branches)]
    known = {(trouble.code, trouble.line) for trouble in troubles}
    troubles += [one for one in contradictions.sums(doc, branches) if (one.code, one.line) not in known]
    lines = plans.plans(doc.file, outline, facts.scheme)[0].rstrip("\n").split("\n")
    text = "\n".join(overlay(lines, facts.stated, plans.short(doc.file))) + "\n"
    return Plan(text, troubles, facts.scheme.shown, used, rows)


def _used(doc: Document, plan: Draft) -> set[int]:
    """Return the lines that say something of branches or phases, and those that only name branches of the plan."""
    facts, entries = plan.facts, plan.known.entries
    lines = {mention.line for mention in (*facts.mentions, *facts.owned)} | {edge.line for edge in facts.edges}
    lines |= {tie.line for tie in (*facts.depends, *facts.blocks, *facts.independent)}
    lines |= {fact.line for wave in facts.waves.values() for fact in wave.members}
    names = {name for entry in entries.values() for name in entry.names}
    for line in doc.lines:
        if line.number not in lines and line.kind in ("heading", "row", "item", "text"):
            first = next(iter(git_names(line.text)), None) if line.kind == "item" else None
            if first is not None and first not in names and line.text.startswith(first):
                continue  # a branch of its own, whatever it says of others
            mentioned = ids(facts.scheme.read(line.raw))
            if entries.keys() & set(mentioned) or any(name in line.raw for name in names):
                lines.add(line.number)
    return lines
