"""Prove needs: a line holds both units, or holds the one and belongs to the other."""

from __future__ import annotations

import re

from phaseplan.documents.outline.attributes import pair
from phaseplan.documents.outline.ids import ONE, Known, key
from phaseplan.documents.outline.model import At, Group, Outline
from phaseplan.documents.outline.text import plain
from phaseplan.documents.proving.answer import Words
from phaseplan.documents.proving.claims import Claim, Proof

_RANGE = re.compile(rf"({ONE})(?:\s*(?:-|\u2013|\u2014|\.\.\.?|\bto\b|\bthrough\b|\bbis\b)\s*)({ONE})")


def needs(proof: Proof, groups: list[Group], readers: Outline | None) -> None:
    """Prove every need of every unit.

    :param readers: what the readers found; a need that they found the other way round is not proven.
    """
    known = Known([claim.unit for claim in proof.claims], groups)
    by_id = {claim.unit.id: claim for claim in proof.claims}
    found = {(unit.id, need.value) for unit in readers.units for need in unit.needs} if readers else set()
    for claim in proof.claims:
        for cited in claim.cited.needs:
            unit = known.one(cited.value) if " ".join(cited.value.split()) else None
            needed = by_id.get(unit) if unit is not None else None
            if needed is None:
                proof.doubt(claim, "depends_on", cited, "no unit of the answer is called so")
            elif needed is not claim:
                _need(proof, known, claim, needed, cited, found)


def _need(
    proof: Proof, known: Known, claim: Claim, needed: Claim, cited: Words, found: set[tuple[str, str]]
) -> None:  # fmt: skip
    own, other = claim.unit.id, needed.unit.id
    why = proof.evidence.fault(cited.line)
    if why is None:
        named = [_means(proof, known, cited.line, one, by) for one, by in ((needed, claim), (claim, needed))]
        belongs = [proof.belongs(one, cited.line) for one in (needed, claim)]
        if not any(named) or not all(map(any, zip(named, belongs, strict=True))):
            why = (
                f"line {cited.line} holds `{other[:60]}` and `{own[:60]}` neither itself nor by the unit it belongs to"
            )
    if why is None and (other, own) in found and (own, other) not in found:
        why = "the reader of this format finds it the other way round"
    if why is not None:
        proof.doubt(claim, "depends_on", cited, why)
    elif key(other) not in {key(need.value) for need in claim.unit.needs}:
        claim.unit.needs.append(At(other, cited.line))


def _means(proof: Proof, known: Known, line: int, needed: Claim, by: Claim) -> bool:
    """Say whether a line holds a unit: in words, in a range, or in what the line says another one depends on."""
    if any(proof.evidence.holds(line, handle) for handle in needed.handles()):
        return True
    text = plain(proof.evidence.raws[line - 1])
    for match in _RANGE.finditer(text):
        if needed.unit.id in known.meant(match[0], by.unit.id).ids:
            return True
    about = pair(text.lstrip("-*+ "))
    return about is not None and about[0] == "needs" and needed.unit.id in known.meant(about[1], by.unit.id).ids
