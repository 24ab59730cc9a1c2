"""Read a folder of documents as one campaign: files of one unit each become the plans of their phases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from phaseplan.documents.outline import reading
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import Group, Outline, Part, Trouble, Unit
from phaseplan.documents.outline.readers import front, roadmap

MOST = 2_000  # files of one folder
_NO_PLANS = re.compile(
    r"(?:readme|summary|context|research|state|verification|project|requirements|changelog|agents|claude)\b|.*-(?:summary|context|research|verification|uat)\.md$",
    re.IGNORECASE,
)


@dataclass
class Joined:
    """Hold the outline of many files, and what is to be reported with the file it is about."""

    outline: Outline
    troubles: list[tuple[str, Trouble]] = field(default_factory=list)
    rows: int = 0


def files(folder: Path) -> Iterator[Path]:
    """Yield the documents of a folder and the folders in it, in order."""
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".md", ".json", ".csv", ".tsv")]
    for path in found[:MOST]:
        if (
            path.is_file()
            and not _NO_PLANS.match(path.name)
            and not any(part.startswith(".git") for part in path.parts)
        ):
            yield path


def joined(folder: Path, docs: list[Document]) -> tuple[Joined | None, list[Document]]:
    """Put the files with one unit each, and a roadmap of them, together; return also the other documents."""
    ones = [doc for doc in docs if front.recognise(doc)]
    maps = [doc for doc in docs if doc not in ones and roadmap.recognise(doc)] if ones else []
    if not ones:
        return None, docs
    whole = Joined(Outline("a folder", []))
    parts: dict[int | None, Part] = {}
    for doc in (*maps, *ones):
        outline = (roadmap if doc in maps else front).read(doc)
        whole.troubles += [(doc.file, trouble) for trouble in outline.troubles]
        whole.rows += len(outline.units)
        for part in outline.parts:
            _join(parts, part, doc.file)
    whole.outline.parts = [parts[number] for number in sorted(parts, key=lambda n: (n is None, n or 0))]
    whole.rows = len(whole.outline.units)
    for part in whole.outline.parts:
        part.groups.sort(key=lambda group: group.number)
    texts = {text.line: unit.file for unit in whole.outline.units for text in unit.texts}
    reading.settle(Document(str(folder), ""), whole.outline)
    whole.troubles += [(texts.get(t.line, str(folder)), t) for t in whole.outline.troubles]
    rest = [doc for doc in docs if doc not in ones and doc not in maps]
    return whole, rest


def _join(parts: dict[int | None, Part], part: Part, file: str) -> None:
    """Add a phase to those that there are; a unit that a later file defines takes the place of an earlier one."""
    number = part.number.value if part.number else None
    known = parts.setdefault(number, Part(part.number, part.title, part.depends, part.blocks))
    for group in part.groups:
        for unit in group.units:
            unit.file = file
            for other in known.groups:
                other.units = [one for one in other.units if not _same(one, unit)]
        home = next((one for one in known.groups if one.number == group.number), None)
        if home is None:
            home = Group(group.number, group.line, group.title, group.word, group.label)
            known.groups.append(home)
        home.units += group.units
        home.checks += group.checks


def _same(one: Unit, other: Unit) -> bool:
    if one.id != other.id:
        return False
    other.title = other.title or one.title
    return True
