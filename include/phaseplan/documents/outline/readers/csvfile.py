"""Read tables of comma-separated values, as Jira and Linear export them: each row is a row of one table."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from phaseplan.documents.outline import columns, tables
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import MOST_CELLS, Document, Line
from phaseplan.documents.outline.model import Outline

_HEADS = re.compile(r"(?:^|[,;\t])\"?(?:issue key|id|key|identifier|summary|title|task)\"?(?:[,;\t]|$)", re.IGNORECASE)


def recognise(doc: Document) -> bool:
    """Say whether the first line names columns: an id and a title among them."""
    first = doc.text.lstrip("\ufeff").split("\n", 1)[0].strip()
    return Path(doc.file).suffix.lower() in (".csv", ".tsv") or (
        len(re.findall(_HEADS, first)) >= 1
        and first.count(",") >= 2
        and "|" not in first
        and not re.search(r"[.!?]\s|[`#*]", first)
    )


def read(doc: Document) -> Outline:
    """Read every row as a unit."""
    first = doc.text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(doc.text), delimiter=mark)
    lines: list[Line] = []
    try:
        before = 0
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(before + 1, "row", " ".join(cells), cells=tuple(cells[:MOST_CELLS])))
            before = reader.line_num
    except csv.Error:
        lines = lines[:]
    build = Builder(doc, "CSV")
    build.part.title = None
    if not lines:
        return build.outline
    table = tables.classified(tables.Table(lines[0], lines[1:]))
    build.use(lines[0].number)
    for row in table.rows if tables.defines(table) else []:
        one = tables.unit(table, row)
        if one is None:
            continue
        build.into_wave(row, one.wave.value if one.wave else None, table.word)
        table.units[row.number] = build.new_unit(row, one)
    known = Known(build.outline.units)
    build.outline.troubles += columns.unknown(table, known)
    return build.outline
