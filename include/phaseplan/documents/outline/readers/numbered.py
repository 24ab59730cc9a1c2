"""Read numbered checkboxes: Kiro, cc-sdd (`- [ ] 2.1 Write the reader`), OpenSpec (`## 1. Setup`, `- [ ] 1.1 ...`)."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes, regrouping
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import Numbered
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import changed_paths, plain, unbold

_NUMBER = re.compile(r"(?:\*\*)?(?:Task\s+)?(\d{1,3}(?:\.\d{1,3}){0,2})[.):]?(?:\*\*)?(?:\s+|$)(.*)")
_SECTION = re.compile(r"(?:Phase\s+|Section\s+)?(\d{1,3})[.):]?\s+(.*)", re.IGNORECASE)
_MARK = re.compile(r"^\(P\)\s+|\s*\(P\)\s*$")
_UNDERLINED = re.compile(r"_([A-Z][\w /-]{2,30}):\s*(.*?)_?\s*$")


def recognise(doc: Document) -> bool:
    """Say whether checkboxes are numbered, at least two of them."""
    return (
        len({match[1] for line in doc.items if line.box is not None and (match := _NUMBER.match(unbold(line.text)))})
        >= 2
    )


def read(doc: Document) -> Outline:
    """Read the innermost numbered checkboxes as units, those above them and numbered headings as groups."""
    build = Builder(doc, "numbered checkboxes")
    labels = [m[1] for line in doc.items if line.box is not None and (m := _NUMBER.match(unbold(line.text)))]
    parents = {label.rsplit(".", n)[0] for label in labels for n in range(1, label.count(".") + 1)}
    unit: Unit | None = None
    level = 0
    handed: dict[str, list[At[str]]] = {}  # needs of numbers with others below them
    for line in doc.lines:
        match = _NUMBER.match(unbold(line.text)) if line.kind == "item" and line.box is not None else None
        if match is not None:
            unit, level = _numbered(build, line, match, parents, handed), line.level
        elif line.kind == "heading" and line.level > 1:
            unit = None
            if (section := _SECTION.fullmatch(line.plain)) and not _is_group(build, section[1]):
                build.new_group(line, Numbered("section", section[1], section[2], section[1], (), False))
        elif unit is not None and line.kind in ("item", "text") and (line.level > level or line.raw[:1] in " \t"):
            build.body(line)
            _detail(unit, line)
        elif unit is not None and line.kind == "blank":
            continue
        elif line.kind in ("item", "text"):
            unit = None
            build.attribute(line)
    waves = regrouping.graph(doc)
    if waves.keys() & {unit.id for unit in build.outline.units}:
        regrouping.regroup(build.part, waves)
    else:
        build.outline.ordered = any(u.marked for u in build.outline.units)
    return build.outline


def _is_group(build: Builder, label: str) -> bool:
    return build.group is not None and build.group.label == label


def _numbered(
    build: Builder, line: Line, match: re.Match[str], parents: set[str], handed: dict[str, list[At[str]]]
) -> Unit | None:
    """Begin a group for a number with numbers below it, else a unit; what the former needs, the latter need."""
    label, text = match[1], plain(match[2])
    unit = Unit(label, line.number, shown=label)
    title = _MARK.sub("", attributes.without_needs(unit, text, line.number))
    first = label.split(".")[0]
    unit.texts += [text for above, texts in handed.items() if label.startswith(f"{above}.") for text in texts]
    if label in parents:
        handed[label] = unit.texts
        if "." not in label and not _is_group(build, label):
            build.new_group(line, Numbered("task", label, title, label, (), False))
        build.use(line)
        return None
    if not _is_group(build, first):
        build.new_group(line, Numbered("task", first, "" if "." in label else title, first, (), False))
    unit.title, unit.marked = title, _MARK.search(text) is not None
    attributes.own(unit, changed_paths(match[2]), line.number)
    return build.new_unit(line, unit)


def _detail(unit: Unit, line: Line) -> None:
    """Read `_Depends: 1.1_`, `Files: a.py` below a unit; requirements and steps are its text."""
    underlined = _UNDERLINED.match(line.text.strip())
    if underlined is not None:
        kind = attributes.kind_of(underlined[1].removesuffix("s") if underlined[1] == "Depends" else underlined[1])
        kind = "needs" if underlined[1].lower().startswith(("depend", "blocked")) else kind
        if kind in ("needs", "owns"):
            attributes.of_unit(unit, kind, underlined[2], line.number)
        return
    found = attributes.pair(line.text)
    if found is not None and found[0] in ("needs", "feeds", "owns", "lines", "span", "name"):
        attributes.of_unit(unit, found[0], found[1], line.number)
    attributes.in_words(unit, line.text, line.number)
