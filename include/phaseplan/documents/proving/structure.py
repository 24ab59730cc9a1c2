"""Put proven units into phases and waves: where their line stands, or where a line says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from phaseplan.documents.outline.builder import number_by_place
from phaseplan.documents.outline.model import At, Group, Part
from phaseplan.documents.proving.answer import Number, PhaseAnswer, WaveAnswer, Words
from phaseplan.documents.proving.claims import Claim, Proof

MOST_OF_WAVES = 999


@dataclass(eq=False)
class _Place:
    """Hold a proven phase and its proven waves, by the line that defines each."""

    part: Part
    line: int
    cited: list[PhaseAnswer] = field(default_factory=list)
    waves: dict[int, tuple[Group, list[WaveAnswer]]] = field(default_factory=dict)
    blocks: list[tuple[Group, range]] = field(default_factory=list)


def structure(proof: Proof) -> list[Part]:
    """Return the phases with their units; a unit that no wave provably has stands in a last one without a number."""
    places = _phases(proof)
    borders = {line for place in places for line in place.waves} | {place.line for place in places[1:]}
    for place in places:
        block = proof.evidence.block
        place.blocks = [(one, block(line, borders - {line}, wide=True)) for line, (one, _) in place.waves.items()]
    for claim in sorted(proof.claims, key=lambda claim: claim.unit.line):
        own = proof.answer.phases[claim.phase]
        place = _phase(places, claim.unit.line)
        if own not in place.cited:
            words = own.title or own.number
            if words is not None:
                why = f"line {claim.unit.line} stands in another phase or in none"
                proof.doubt(claim, "phase", words, why)
        _wave(proof, place, claim)
    parts = [place.part for place in places if any(True for _ in place.part.units)]
    for part in parts:
        part.groups = [group for group in part.groups if group.units]
        _own_numbers(part)
    number_by_place(parts, with_phase=True)
    return parts


def _own_numbers(part: Part) -> None:
    """Give waves without a number of their own the next ones."""
    last = max((group.number for group in part.groups), default=0)
    for group in part.groups:
        if group.number < 0:
            last = max(0, last) + 1
            group.number = last
    part.groups.sort(key=lambda group: group.number)


def _phases(proof: Proof) -> list[_Place]:
    """Prove the phases; there is always one."""
    places: list[_Place] = []
    for cited in proof.answer.phases:
        number, title = _number(proof, "phase", cited.number), _words(proof, "title", cited.title)
        ties = [tie for one in cited.depends_on if (tie := _number(proof, "depends_on", one)) is not None]
        found = next((at for at in (number, title) if at is not None), None)
        if found is None and places and len(proof.answer.phases) > 1:
            continue  # its units stand where their lines do
        line = min(at.line for at in (number, title) if at is not None) if found else 0
        place = next((place for place in places if place.line == line), None)
        if place is None:
            place = _Place(Part(number, title), line)
            place.part.depends = [At(t.value, t.line) for t in ties if number is None or t.value != number.value]
            places.append(place)
        place.cited.append(cited)
        _waves(proof, place, cited)
    places.sort(key=lambda place: place.line)
    return places or [_Place(Part(), 0)]


def _number(proof: Proof, key: str, cited: Number | None) -> At[int] | None:
    if cited is None or (why := proof.counted(cited)) is None:
        return At(cited.value, cited.line) if cited else None
    proof.doubt(None, key, cited, why)
    return None


def _words(proof: Proof, key: str, cited: Words | None) -> At[str] | None:
    if cited is None or (why := proof.held(cited)) is None:
        return At(" ".join(cited.value.split()), cited.line) if cited else None
    proof.doubt(None, key, cited, why)
    return None


def _waves(proof: Proof, place: _Place, cited: PhaseAnswer) -> None:
    numbers = {group.number for group, _ in place.waves.values()}
    for wave in cited.waves:
        number, title = _number(proof, "wave", wave.number), _words(proof, "wave title", wave.title)
        line = number.line if number else title.line if title else 0
        known = place.waves.get(line)
        if not line:
            continue
        if known is not None and (number is None or known[0].number == number.value):
            known[1].append(wave)
            continue
        sure = number is not None and number.value not in numbers and number.value <= MOST_OF_WAVES
        group = Group(number.value if number and sure else -1, line, word="wave")
        if number is not None and (
            named := re.search(rf"([^\W\d_]{{3,20}})\s*#?0*{number.value}\b", proof.evidence.raws[line - 1])
        ):
            group.word, group.label = named[1], str(number.value)  # `Epic 2`, by which needs may mean all of it
        if title is not None and proof.evidence.holds(line, title.value):
            group.title = title.value
        numbers.add(group.number)
        place.waves[line] = (group, [wave])
        place.part.groups.append(group)


def _phase(places: list[_Place], line: int) -> _Place:
    return next((place for place in reversed(places) if place.line <= line), places[0])


def _wave(proof: Proof, place: _Place, claim: Claim) -> None:
    """Put a unit into the wave that the answer names if that is proven, else into the one that its line stands in."""
    own = next((group for group, cited in place.waves.values() if claim.wave in cited), None)
    inside = [group for group, block in place.blocks if claim.unit.line in block]
    if own is not None and (own in inside or _stated(proof, claim, own)):
        own.units.append(claim.unit)
        return
    if own is not None or claim.wave.number or claim.wave.title:
        words = claim.wave.number or claim.wave.title
        assert words is not None
        proof.doubt(
            claim, "wave", words, "no line that holds the wave and this unit was named, nor is it below the wave"
        )
    if inside:
        inside[-1].units.append(claim.unit)
        return
    last = next((group for group in place.part.groups if not group.word), None)
    if last is None:
        last = Group(-1, claim.unit.line, word="")
        place.part.groups.append(last)
    last.units.append(claim.unit)


def _stated(proof: Proof, claim: Claim, group: Group) -> bool:
    """Say whether the line that the answer names holds the unit and the wave."""
    lines = [claim.cited.wave.line] if claim.cited.wave else []
    row = proof.evidence.lines.get(claim.unit.line)
    if row is not None and row.kind == "row":
        lines.append(claim.unit.line)  # a column of waves
    for line in lines:
        known = claim.unit.line == line or any(proof.evidence.holds(line, handle) for handle in claim.handles())
        numbered = claim.wave.number is not None and proof.evidence.counts(line, group.number)
        if known and (numbered or bool(group.title and proof.evidence.holds(line, group.title))):
            return True
    return False
