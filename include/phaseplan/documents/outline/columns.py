"""Read the columns of a table whose heading no word is known of, by what all their cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.ids import ONE, Known, nothing
from phaseplan.documents.outline.model import At, Trouble
from phaseplan.documents.outline.tables import Table, are
from phaseplan.documents.outline.text import cell_paths, plain, planned


def unknown(table: Table, known: Known) -> Iterator[Trouble]:
    """Read the columns whose heading no word is known of, by their cells; report one of ids whose direction is open."""
    for i, head in enumerate(table.head.cells):
        if i in table.kinds or not table.units or "parallel" in head.lower():
            continue
        cells = [row.cells[i] if i < len(row.cells) else "" for row in table.rows if row.number in table.units]
        several = list(table.units.values())
        listed = _reads_as_ids(cells, known) if any(plain(cell) for cell in cells) else None
        if listed is not None:
            back = [
                known.place[n] < known.place[u.id]
                for u, ids in zip(several, listed, strict=False)
                for n in ids
                if n != u.id
            ]
            if back and all(back):
                for one, cell in zip(several, cells, strict=False):
                    if plain(cell):
                        one.texts.append(At(cell, one.line, f"column {plain(head)}"))
                table.kinds[i] = "needs"
            elif back:
                message = f"not used: the column `{plain(head)}` holds ids, and nothing says who waits for whom"
                yield Trouble("PP916", table.head.number, message, "call it `Depends on` or `Blocks`")
        elif are(cells, cell_paths):
            table.kinds[i] = "owns"
            for one, cell in zip(several, cells, strict=False):
                attributes.own(one, cell_paths(cell) or [], one.line)
        elif are(cells, planned) and "span" not in table.kinds.values():
            table.kinds[i] = "span"
            for one, cell in zip(several, cells, strict=False):
                one.span = At(span, one.line) if (span := planned(cell)) else None


def _reads_as_ids(cells: Iterable[str], known: Known) -> list[list[str]] | None:
    """Return the units of each cell of a column that holds nothing but units; None if it holds anything else."""
    out: list[list[str]] = []
    for cell in cells:
        bare = plain(cell)
        if nothing(bare):
            out.append([])
            continue
        meant = known.meant(cell)
        if meant.unread or not meant.ids or not re.search(r"\d", bare):
            return None
        if re.search(r"[^\W\d_]{4,}", re.sub(ONE, "", bare)) and len(bare.split()) > 3:
            return None
        out.append(list(meant.ids))
    return out if any(out) else None
