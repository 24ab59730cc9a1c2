"""Prove an answer: what its lines hold becomes an outline, everything else a TODO with the model's reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from phaseplan.documents.outline import reading
from phaseplan.documents.outline.findings import checks
from phaseplan.documents.outline.findings.unused import candidates
from phaseplan.documents.outline.ids import key
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import Outline, Unit
from phaseplan.documents.proving.answer import Answer
from phaseplan.documents.proving.claims import Proof, define, quoted, values
from phaseplan.documents.proving.needs import needs
from phaseplan.documents.proving.structure import structure


@dataclass
class Proven:
    """Hold an outline of proven values, and what the model is to be told: what is unproven, what is missing."""

    outline: Outline
    faults: list[str] = field(default_factory=list)


def prove(doc: Document, answer: Answer, readers: Outline | None, form: str) -> Proven:
    """Return what is proven of an answer.

    :param readers: what the readers of this project found in the document; each unit of it must be there or explained.
    """
    proof = Proof(doc, answer)
    define(proof)
    values(proof)
    parts = structure(proof)
    needs(proof, [group for part in parts for group in part.groups], readers)
    outline = Outline(form, parts)
    outline.used |= {claim.unit.line for claim in proof.claims}
    outline.used |= {need.line for claim in proof.claims for need in claim.unit.needs}
    _missing(proof, outline, readers)
    if not outline.parts:
        return Proven(outline, proof.faults)
    outline.parts[0].todos = proof.todos
    reading.across(outline)
    checks.check(outline)
    return Proven(outline, proof.faults)


def _missing(proof: Proof, outline: Outline, readers: Outline | None) -> None:
    """Ask for what the readers found and the answer neither has nor explains; write down what it explains."""
    lines = {claim.unit.line for claim in proof.claims}
    ids = {key(claim.unit.id) for claim in proof.claims}
    explained = {one.line: one.why for one in proof.answer.left_out if one.why.strip()}
    seen: dict[int, Unit | None] = {one.line: None for one in candidates(proof.doc) if one.kind == "unit"}
    seen |= {unit.line: unit for unit in readers.units} if readers else {}
    for line, unit in sorted(seen.items()):
        if line in lines or (unit is not None and key(unit.id) in ids):
            continue
        shown = quoted(unit.shown or unit.id if unit and not unit.made_up else proof.evidence.raws[line - 1])
        if line in explained:
            outline.used.add(line)
            proof.todos.append(f"unit {shown} of line {line} was left out by the model: {quoted(explained[line])}")
        else:
            proof.faults.append(f"line {line} looks like a unit, {shown}: give it, or say in left_out why it is none")
            if unit is not None:
                proof.todos.append(f"unit {shown} of line {line}: the model neither gave nor explained it")
