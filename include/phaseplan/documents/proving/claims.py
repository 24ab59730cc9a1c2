"""Hold a model's answer while it is proven: units as they become sure, and what is not proven with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from phaseplan.documents.outline.findings.unused import candidates
from phaseplan.documents.outline.ids import key
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Unit
from phaseplan.documents.outline.text import git_name
from phaseplan.documents.proving.answer import Answer, Cited, Number, UnitAnswer, WaveAnswer, Words
from phaseplan.documents.proving.evidence import Evidence

MOST_OF_ID = 60  # characters


@dataclass(eq=False)
class Claim:
    """Hold one unit that is proven to exist, and all that is claimed of it."""

    unit: Unit
    cited: UnitAnswer
    phase: int  # by the answer's order
    wave: WaveAnswer
    needs: list[tuple[Claim, int]] = field(default_factory=list)

    def handles(self) -> list[str]:
        """List the texts that mean this unit: its id or git name; where it has neither, its title."""
        named = [self.unit.id] if self.unit.id and not self.unit.made_up else []
        named += [self.unit.name.value] if self.unit.name else []
        return named or [self.unit.title]


class Proof:
    """Collect what is proven of an answer, and say what is not."""

    def __init__(self, doc: Document, answer: Answer) -> None:
        self.doc, self.answer, self.evidence = doc, answer, Evidence(doc)
        self.claims: list[Claim] = []
        self.todos: list[str] = []  # of no unit that is proven
        self.faults: list[str] = []  # for the model
        self.ids: set[str] = set()
        self._own: dict[int, range] = {}
        self.borders = {one.line for one in candidates(doc) if one.kind == "unit"}

    def doubt(self, claim: Claim | None, key: str, cited: Cited, why: str) -> None:
        """Note a value that is not proven: a TODO in the plan, and a fault for the model."""
        value = quoted(str(getattr(cited, "value", "")))
        reason = f"; the model's reason: {quoted(cited.why)}" if cited.why.strip() else ""
        text = f"{key}: the model says {value} by line {cited.line}, unproven: {why}{reason}"
        (claim.unit.todos if claim else self.todos).append(text)
        about = f"{claim.unit.id or claim.unit.title}: " if claim else ""
        self.faults.append(f"{about}{key} {value}: {why}")

    def held(self, cited: Words) -> str | None:
        """Return why a text is not proven by its line; None if it is."""
        if (fault := self.evidence.fault(cited.line)) is not None:
            return fault
        return None if self.evidence.holds(cited.line, cited.value) else f"line {cited.line} does not hold it"

    def counted(self, cited: Number) -> str | None:
        """Return why a number is not proven by its line; None if it is."""
        if (fault := self.evidence.fault(cited.line)) is not None:
            return fault
        return None if self.evidence.counts(cited.line, cited.value) else f"line {cited.line} does not hold it"

    def belongs(self, claim: Claim, line: int) -> bool:
        """Say whether a line is one of a unit's own: all are, of one unit alone."""
        own = claim.unit.line
        if own not in self._own:
            self._own[own] = self.evidence.block(own, self.borders - {own})
        return len(self.claims) == 1 or line in self._own[own]

    def about(self, claim: Claim, line: int) -> bool:
        """Say whether a line speaks of a unit: it belongs to the unit's own, or holds the unit's id or name."""
        return self.belongs(claim, line) or any(self.evidence.holds(line, handle) for handle in claim.handles())


def define(proof: Proof) -> None:
    """Find the units that are proven to exist: an id that its line holds, else a title or a git name."""
    for phase, cited in enumerate(proof.answer.phases):
        for wave in cited.waves:
            for unit in wave.units:
                _define(proof, phase, wave, unit)
    proof.borders |= {claim.unit.line for claim in proof.claims}


def _define(proof: Proof, phase: int, wave: WaveAnswer, cited: UnitAnswer) -> None:
    unit = Unit("", 0, made_up=True)
    doubts: list[tuple[str, Words, str]] = []
    if cited.id is not None:
        if (why := proof.held(cited.id) or _odd(cited.id.value)) is None:
            unit.id, unit.line, unit.made_up = " ".join(cited.id.value.split()), cited.id.line, False
        else:
            doubts.append(("id", cited.id, why))
    named = [
        words.line
        for words, odd in ((cited.title, _odd_title), (cited.branch, _odd_name))
        if words and (proof.held(words) or odd(words.value)) is None
    ]
    if unit.line and not named and (cited.title or cited.branch or not _defines(proof, unit.line)):
        unit.line = 0  # a mention
    elif named and not unit.line:
        unit.line = named[0]
    names = {key(" ".join(w.value.split())) for w in (cited.title, cited.branch) if w and w.line in named}
    own = {key(unit.id)} if unit.id else names  # the same words may be two units of one title, but not on one line
    own |= {f"{unit.line}|{name}" for name in names}
    if unit.line and own & proof.ids:
        words = cited.id or cited.title or cited.branch
        assert words is not None
        proof.doubt(None, "unit", words, "it stands in the answer already")
    elif unit.line:
        claim = Claim(unit, cited, phase, wave)
        proof.claims.append(claim)
        proof.ids |= own
        for name, words, why in doubts:
            proof.doubt(claim, name, words, why)
    else:
        words = cited.id or cited.title or cited.branch or Words(line=0, value="")
        why = proof.held(words) or _odd(words.value) or "nothing but the id is proven, which is a mention"
        proof.doubt(None, "unit", words, why)


def _defines(proof: Proof, line: int) -> bool:
    """Say whether a line may define a unit by its id alone: a row, an item, a heading, a line of data."""
    return proof.evidence.lines[line].kind in ("row", "item", "heading", "code", "front")


def _odd(text: str) -> str | None:
    bare = " ".join(text.split())
    short = len(bare) <= MOST_OF_ID and len(bare.split()) <= 3
    return None if short and re.search(r"\w", bare) else "that is no id"


def _odd_name(text: str) -> str | None:
    return None if git_name(f"`{text}`") == text else "that is no git name"


def _odd_title(text: str) -> str | None:
    return None if re.search(r"[^\W\d_]", text) and "|" not in text and len(text) <= 300 else "that is no title"


def values(proof: Proof) -> None:
    """Prove the values of each unit: held by their lines, which speak of the unit."""
    for claim in proof.claims:  # titles and names first: they are what other lines mean a unit by
        unit, cited = claim.unit, claim.cited
        if cited.title is not None and _sure(proof, claim, "title", cited.title, _odd_title):
            unit.title, unit.title_line = " ".join(cited.title.value.split()), cited.title.line
        if cited.branch is not None and _sure(proof, claim, "branch", cited.branch, _odd_name):
            unit.name = At(cited.branch.value, cited.branch.line)
    for claim in proof.claims:
        unit, cited = claim.unit, claim.cited
        for own in cited.owns:
            if _sure(proof, claim, "owns", own, _odd_path) and own.value not in {o.value for o in unit.owns}:
                unit.owns.append(At(own.value, own.line))
        if cited.done is not None and _sure(proof, claim, "done", cited.done, lambda _: None):
            unit.state = At(cited.done.value, cited.done.line)
        _lines(proof, claim)


def _sure(proof: Proof, claim: Claim, key: str, cited: Words, odd: Callable[[str], str | None]) -> bool:
    """Say whether a text is proven to be a unit's; if not, note why."""
    why = proof.held(cited) or odd(cited.value) or _far(proof, claim, cited)
    if why is not None:
        proof.doubt(claim, key, cited, why)
    return why is None


def _lines(proof: Proof, claim: Claim) -> None:
    cited = claim.cited.lines
    if cited is None:
        return
    why = proof.counted(cited) or _far(proof, claim, cited)
    if why is None and any(str(cited.value) in re.findall(r"\d+", handle) for handle in claim.handles()):
        why = "that number stands in the unit's own id"
    if why is None and cited.value > 0:
        claim.unit.lines = At(cited.value, cited.line)
    else:
        proof.doubt(claim, "lines", cited, why or "no size")


def _far(proof: Proof, claim: Claim, cited: Cited) -> str | None:
    return None if proof.about(claim, cited.line) else f"line {cited.line} does not speak of this unit"


def _odd_path(text: str) -> str | None:
    return None if re.fullmatch(r"[^\s|]{1,200}", text) and re.search(r"[./]", text) else "that is no path"


def quoted(text: str) -> str:
    """Write a model's text for a comment: one line of plain characters, not too long."""
    return json.dumps(" ".join(text.split())[:120])
