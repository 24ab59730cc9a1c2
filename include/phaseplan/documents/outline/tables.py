"""Read tables: which column is what, by its heading in several languages, else by what all its cells hold."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from phaseplan.documents.importing.spans import unit as time_unit
from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.attributes import kind_of
from phaseplan.documents.outline.headings import GROUPS, is_done
from phaseplan.documents.outline.ids import CODE, ONE, nothing
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Unit
from phaseplan.documents.outline.subjects import is_of_things
from phaseplan.documents.outline.text import cell_paths, git_name, git_names, plain, planned, size

_ID = re.compile(
    r"(?:(?:task|issue|story|branch|ticket|item|work item|pr|unit)[ _-]?)?(?:id|key|#|"
    r"no\.?|nr\.?|num|number|nummer|n\u00b0|n\u00ba|ref|code|identifier|kennung|"
    r"clave|c\u00f3digo|schl\u00fcssel|k\u00fcrzel)|issue|ticket|task|pr|story|unit|w",
    re.IGNORECASE,
)
_WAVE = re.compile(
    r"(?:execution )?(?:wave|stage|batch|sprint|welle|"
    r"ola|vague|onda|tier|etappe|phase|cycle)(?: ?(?:#|no\.?|nr\.?|number))?",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"title|name|summary|titel|titre|t\u00edtulo|titolo|task(?: name)?|story|feature|"
    r"description|beschreibung|aufgabe|tarea|t\u00e2che|what|work|deliverable|"
    r"component|repair|focus|scope|descripci\u00f3n|descri\u00e7\u00e3o|nombre|nome|nom|bezeichnung|thema|"
    r"\u4efb\u52a1|\u9879\u76ee|\u5185\u5bb9|\u6807\u9898|\u9636\u6bb5|\u6b65\u9aa4|"
    r"\u30bf\u30b9\u30af|\u4f5c\u696d|\u5185\u5bb9|\uc791\uc5c5|\uc81c\ubaa9|"
    r"\u0437\u0430\u0434\u0430\u0447\u0430|nhi\u1ec7m v\u1ee5",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r".*\?|.*\b(?:impact|paths?|files?|repositor(?:y|ies)|notes?|evidence|reason|rationale|why|feasibility|priority|"
    r"handoff|links?)\b.*",
    re.IGNORECASE,
)
_NO_UNITS = re.compile(
    r"risk|mitigation|severity|impact|metric|decision|milestone|requirement|term|command|"
    r"version|endpoint|question|risiko|criteri",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"(?:grand |sub)?(?:sum|total|totals|overall|summe|gesamt|insgesamt|totale|suma)\b.{0,30}", re.IGNORECASE
)  # fmt: skip
_BARE = re.compile(r"\d{1,4}(?:[.,]\d)?")
_LABEL = re.compile(
    rf"(?:[^\W\d_]{{2,12}}(?:\s+|-(?=(?-i:[A-Z])(?!\w))))?({ONE}|(?-i:[A-Z])(?!\w))(?:(?:(?<=[.-]\d)\s+|\s*[\u2013\u2014]\s*|\s+-\s+)(?P<title>[^\W\d_]{{2}}.*))?",
    re.IGNORECASE,
)

_SPLIT = re.compile(r"[^\w.#-]+")
_PHASE = re.compile(r"phase|fase|\u00e9tape|etapa", re.IGNORECASE)
_CODED = re.compile(
    rf"({CODE}|#\d{{1,6}})\s+(?P<title>[^\W\d_]{{2}}.*)"
)  # where something is said of needs or names: `U1 stones`


@dataclass(eq=False)
class Table:
    """Hold one table: its rows' units, and the column of every kind."""

    head: Line
    rows: list[Line]
    kinds: dict[int, str] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)  # by line
    sums: list[Line] = field(default_factory=list)  # rows that add the others up

    def cells(self, column: int) -> list[str]:
        """Return the cells of a column."""
        return [row.cells[column] if column < len(row.cells) else "" for row in self.rows]

    def column(self, kind: str) -> int | None:
        """Return the first column of a kind."""
        return next((i for i, other in self.kinds.items() if other == kind), None)

    def cell(self, row: Line, kind: str) -> str:
        """Return one cell; empty if there is none."""
        i = self.column(kind)
        return row.cells[i] if i is not None and i < len(row.cells) else ""

    @property
    def word(self) -> str:
        """Return what the column of waves calls them."""
        head = self.head.cells[self.column("wave") or 0].lower()
        return next((word for word in re.findall(r"\w+", head) if word in GROUPS), "wave")


def tables(doc: Document) -> list[Table]:
    """List the tables of a document, with the kinds of their columns; they are found once."""
    if doc.tables is None:
        doc.tables = list(_found(doc))
    return list(doc.tables)


def _found(doc: Document) -> Iterator[Table]:
    table: Table | None = None
    for line in doc.lines:
        if line.kind == "head":
            if table is not None:
                yield classified(table)
            table = Table(line, [])
        elif line.kind == "row" and table is not None:
            first = next((text for cell in line.cells if (text := plain(cell).strip(" :"))), "")
            if first:
                (table.sums if _SUM.fullmatch(first) else table.rows).append(line)
        elif table is not None and line.kind != "comment":
            yield classified(table)
            table = None
    if table is not None:
        yield classified(table)


def classified(table: Table) -> Table:
    """Find what each column is."""
    heads = _heads(table)
    for i, head in enumerate(heads):
        cells = [cell for cell in table.cells(i) if not nothing(cell)]
        if _ID.fullmatch(head) and "id" not in table.kinds.values() and (_are_ids(cells, True) or _tokens(cells)):
            table.kinds[i] = "id"
        elif _WAVE.fullmatch(head) and cells and all(re.match(r"\D{0,12}\d{1,3}\W*$", plain(cell)) for cell in cells):
            table.kinds[i] = "wave"
        elif (kind := kind_of(head)) == "span" and _are_ids(cells, bare=False):
            continue  # `Effort` is a unit of work, or how much it is
        elif kind is not None and kind not in table.kinds.values():
            table.kinds[i] = kind
        elif kind in ("needs", "feeds"):
            table.kinds[i] = kind  # Jira repeats a column for each link
    _choose_id(table, len(heads))
    if "title" not in table.kinds.values():
        _title(table, heads)
    if "name" not in table.kinds.values():
        names = (
            i for i in range(len(heads)) if i not in table.kinds and are(table.cells(i), lambda c: bool(git_names(c)))
        )
        table.kinds.update(dict.fromkeys(list(names)[:1], "name"))
    return table


def _choose_id(table: Table, columns: int) -> None:
    """Find the column of ids: the one that the rows need each other by, else by its heading, else by its cells."""
    own, needed = table.column("id"), _needed(table)
    if own is not None and (needed is None or own in needed):
        return
    named = (i for i in range(min(2, columns)) if table.kinds.get(i) in (None, "title"))
    full = {i: [cell for cell in table.cells(i) if plain(cell)] for i in named}
    sure = (i for i, cells in full.items() if _are_ids(cells, bare=False))
    others = {"needs", "name"} & set(table.kinds.values())
    coded = (i for i, cells in full.items() if others and cells and all(_CODED.match(plain(cell)) for cell in cells))
    by_needs = (i for i in needed or ())
    first = next(by_needs if own is not None else itertools.chain(sure, coded, by_needs), None)
    if first is not None:
        table.kinds[first] = "id"
        if own is not None:
            del table.kinds[own]


def _needed(table: Table) -> list[int] | None:
    """List the columns by which the rows need each other: of ids, waves, agents, letters; None: there are none."""
    ties = [i for i, kind in table.kinds.items() if kind in ("needs", "feeds")]
    needed = {word for i in ties for cell in table.cells(i) for word in _SPLIT.split(plain(cell)) if word}
    out: list[int] = []
    for i, head in enumerate(table.head.cells):
        cells = [plain(cell) for cell in table.cells(i)]
        coded = [match[1] for cell in cells if (match := _CODED.match(cell))]
        labels = {match[1] for cell in cells if (match := _LABEL.fullmatch(cell))} | set(cells)
        if table.kinds.get(i) in (None, "id", "label", "title", "wave") and not _PHASE.search(head):
            alone = _are_ids(cells, True) or (len(set(coded)) == len(cells) > 0)
            out += [i] if alone and (labels | set(coded)) & needed else []
    return out or None


def _tokens(cells: list[str]) -> bool:
    """Say whether all cells are one word each, and some of them ids: what is none beside them is reported."""
    texts = [plain(cell).strip(" :.[]*") for cell in cells]
    some = sum(re.fullmatch(CODE, text) is not None for text in texts)
    return some > 1 and len(set(texts)) == len(texts) and all(re.fullmatch(r"[\w./#-]+", text) for text in texts)


def _are_ids(cells: list[str], bare: bool) -> bool:
    """Say whether all cells are ids, each another; `bare`: a number alone is one."""
    labels = [match[1] for cell in cells if (match := _LABEL.fullmatch(plain(cell).strip(" :.[]*")))]
    numbers = all(re.fullmatch(r"\d+(?:\.\d+)?|[A-Z]", label) for label in labels)
    return bool(cells) and len(labels) == len(cells) == len(set(labels)) and (bare or not numbers)


def are(cells: list[str], holds: object) -> bool:
    full = [cell for cell in cells if plain(cell) and not nothing(cell)]
    return bool(full) and callable(holds) and all(holds(cell) for cell in full)


def _title(table: Table, heads: list[str]) -> None:
    """Take the column whose heading means a title, else the first with different words in every row."""
    free = [i for i in range(len(heads)) if i not in table.kinds]
    named = next((i for i in free if _TITLE.fullmatch(heads[i])), None)
    wordy = (
        i for i in free
        if not _NO_TITLE.fullmatch(heads[i])
        and (cells := [plain(cell) for cell in table.cells(i) if plain(cell)])
        and len(set(cells)) == len(cells)
        and all(re.search(r"[^\W\d_]{2}", cell) and not is_done(cell) for cell in cells)
        and not all(cell_paths(cell) or planned(cell) or size(cell) or _LABEL.fullmatch(cell) for cell in cells)
        and not any(re.fullmatch(rf"(?:{ONE})(?:\s*,\s*(?:{ONE}))*", cell) for cell in cells)
    )  # fmt: skip
    title = named if named is not None else next(wordy, None)
    if title is not None:
        table.kinds[title] = "title"


def defines(table: Table) -> bool:
    """Say whether the rows of a table are units: an id or a git name each, and something said of it."""
    return has_ids(table) and not is_of_things(_heads(table), table.kinds)


def has_ids(table: Table) -> bool:
    """Say whether each row has an id or a git name, and something is said of it, be it of a unit or of a thing."""
    kinds = set(table.kinds.values())
    if not table.rows or (_NO_UNITS.search(" ".join(_heads(table))) and not {"needs", "name"} & kinds):
        return False
    return ("id" in kinds and bool(kinds - {"id", "label"}) and len(kinds) > 1) or ("name" in kinds and len(kinds) > 1)


def _heads(table: Table) -> list[str]:
    return [plain(cell).strip(" :*") for cell in table.head.cells]


def unit(table: Table, row: Line) -> Unit | None:
    """Read a row as a unit; None if it has neither an id nor a git name."""
    raw_id = plain(table.cell(row, "id")).strip(" :.[]*")
    label = _LABEL.fullmatch(raw_id) or _CODED.fullmatch(raw_id)
    name = git_name(table.cell(row, "name"))
    if label is None and name is None:
        return None
    shown = raw_id.removesuffix(label["title"] or "").strip(" -\u2013\u2014") if label else raw_id
    if len(shown) == 1 and shown.isupper():  # `A` below `Agent`: a text may say `Agent A`
        shown = f"{plain(table.head.cells[table.column('id') or 0])} {shown}".strip()
    one = Unit(label[1].removeprefix("#") if label else "", row.number, shown=shown, made_up=label is None)
    _values(table, row, one)
    one.title = one.title or (label["title"] or "" if label else "")
    if one.state is None and any(is_done(cell) and len(plain(cell)) < 12 for cell in row.cells):
        one.state = At("done", row.number)
    return one


def merge(unit: Unit, other: Unit) -> None:
    """Add to a unit what a second place says of it; what was said first stays."""
    for name in ("name", "lines", "span", "label", "state"):
        if getattr(unit, name) is None:
            setattr(unit, name, getattr(other, name))
    unit.title = unit.title or other.title
    unit.texts += other.texts
    unit.feeds += other.feeds
    for path in other.owns:
        attributes.own(unit, [path.value], path.line)


def sum_of(table: Table, row: Line) -> Unit:
    """Read a row that adds the others up, as far as it has figures."""
    one = Unit("", row.number)
    _values(table, row, one)
    return one


def _values(table: Table, row: Line, one: Unit) -> None:
    """Read the cells of a row into a unit."""
    for i, kind in table.kinds.items():
        cell = row.cells[i] if i < len(row.cells) else ""
        if not plain(cell) or kind == "id":
            continue
        if kind == "wave" and (number := re.search(r"\d{1,3}", plain(cell))):
            one.wave = At(int(number[0]), row.number)
        elif kind == "title":
            title = plain(re.sub(r"\s*\[(?:P|US\d+)\]", "", cell))
            one.title = attributes.without_needs(one, title, row.number)
        elif kind != "wave":
            cell = f"{plain(cell)} {_unit_of(table, i)}" if kind == "span" and _BARE.fullmatch(plain(cell)) else cell
            attributes.of_unit(one, kind, cell, row.number)


def _unit_of(table: Table, column: int) -> str:
    """Return the unit of bare numbers below a heading: `Hours`, `Effort (days)`."""
    words = re.findall(r"[^\W\d_]+", plain(table.head.cells[column]))
    return next((word for word in words if time_unit(word)), "")
