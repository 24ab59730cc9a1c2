"""Put the parts of a unit that was split in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Outline, Trouble, Unit
from phaseplan.documents.outline.text import plain

_SPLIT = re.compile(
    r"\b(?:(?:was |is |has been )?(?:split|divided|broken)(?: up| down)?(?: in(?:to)?)?|"
    r"(?:was |is )?(?:replaced|superseded) by|(?:wird |wurde )?(?:aufgeteilt|geteilt|ersetzt) (?:in|durch)|"
    r"dividid[oa] en|divis\w* en)\b:?\s*(?P<parts>[^|.;()]*)",
    re.IGNORECASE,
)
_WORDS = ("split", "divid", "divis", "broken", "replaced", "superseded", "geteilt", "ersetzt")


def replace(doc: Document, known: Known, outline: Outline) -> None:
    """Take out each unit whose parts are units, let the parts take over its needs, and let others need the parts."""
    for parent, parts, line in list(_splits(doc, known)):
        homes = [group for part in outline.parts for group in part.groups if parent in group.units]
        if not homes:
            continue
        homes[0].units.remove(parent)
        for part in parts:
            if not part.needs:
                part.needs = [need for need in parent.needs if need.value not in {one.id for one in parts}]
            part.needs = [need for need in part.needs if need.value != parent.id]
        for unit in outline.units:
            old = next((need for need in unit.needs if need.value == parent.id), None)
            if old is not None and unit not in parts:
                others = {need.value for need in unit.needs} | {unit.id}
                unit.needs.remove(old)
                unit.needs += [At(part.id, old.line, old.why) for part in parts if part.id not in others]
        ids = ", ".join(part.id for part in parts)
        message = f"{parent.id} is split into {ids}, which take its place"
        outline.troubles.append(Trouble("PP917", line, message, "delete its row, or the parts"))


def _splits(doc: Document, known: Known) -> Iterator[tuple[Unit, list[Unit], int]]:
    """Yield units that a line says are split, with their parts: two units at least, none of them itself."""
    whole = doc.text.lower()
    if not any(word in whole for word in _WORDS):
        return
    at = {unit.line: unit for unit in known.units if not unit.file}
    for line in doc.lines:
        low = line.raw.lower()
        if line.kind not in ("row", "item", "text", "heading") or not any(word in low for word in _WORDS):
            continue
        for text in line.cells or (line.text,):
            match = _SPLIT.search(plain(text))
            if match is None:
                continue
            before = known.meant(plain(text)[: match.start()].strip(" :(-")).ids
            parent = at.get(line.number) or (known.units[known.place[before[0]]] if len(before) == 1 else None)
            ids = known.meant(match["parts"]).ids
            if parent is not None and len(ids) > 1 and parent.id not in ids:
                yield parent, [known.units[known.place[i]] for i in ids], line.number
