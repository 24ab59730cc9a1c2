"""Read tables: find their kind, and what their rows say of waves and branches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.documents.importing.blocks import Block, Row
from phaseplan.documents.importing.columns import Cells, columns, upright, wave_number
from phaseplan.documents.importing.context import Context, agents_of
from phaseplan.documents.importing.facts import Facts, Mention, Said, Source
from phaseplan.documents.importing.readers import matrices
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.words import clean, ids, ids_out, is_placeholder, line_counts, names, numbers
from phaseplan.documents.outline import asides
from phaseplan.documents.outline.ids import nothing
from phaseplan.documents.outline.text import any_paths

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_SIMPLE = re.compile(r"[A-Za-z0-9][\w./-]*")


def read(block: Block, context: Context, facts: Facts) -> None:
    """Add what a table says to the facts."""
    block = upright(block)
    header, rows = block.rows[0], block.rows[1:]
    if matrices.read(block, context, facts):
        return
    where = columns(header.cells, [row.cells for row in rows])
    if "risk" in where and not {"branch", "id", "owns"} & where.keys():
        _risks(header, rows, where, facts)
    elif _is_wave_table(where, header, rows):
        for row in rows:
            _wave_row(Cells(row, where, header), facts)
    elif where and (
        not context.under(r"conflict|rollback|status|progress|checklist|example|template|split", 1) or "lines" in where
    ):
        source = _source(where, context)
        for place, row in enumerate(rows):
            _branch_row(Cells(row, where, header), context, facts, source, place)


def _source(where: dict[str, int], context: Context) -> Source:
    bare = not {"agent", "lines", "title"} & where.keys()
    return "matrix" if bare and "needs" in where and context.under(r"matrix|dependenc") else "agent table"


def _is_wave_table(where: dict[str, int], header: Row, rows: tuple[Row, ...]) -> bool:
    """Say whether a table has one row a wave: no wave twice, and no column of single branches."""
    if "wave" not in where or ({"branch", "id", "owns"} & where.keys() and "branches" not in where):
        return False
    wave_numbers = [
        wave for row in rows if (wave := wave_number(clean(Cells(row, where, header).raw("wave")))) is not None
    ]
    return bool(wave_numbers) and len(wave_numbers) == len(set(wave_numbers))


def _wave_row(cells: Cells, facts: Facts) -> None:
    number = wave_number(cells.text("wave"))
    if number is None:  # a row that adds the others up: `outline/findings/contradictions.py`
        return
    wave, line = facts.wave(number), cells.line
    _, _, after = cells.text("wave").partition(":")
    if title := after.strip() or cells.text("title"):
        wave.titles.append(Said(title, line, "wave table"))
    if span := duration(cells.text("duration")) or duration(cells.text("start")):
        wave.spans.append(Said(span, line, "wave table"))
    if agents := numbers(cells.text("agents")):
        wave.agents.append(Said(max(agents), line, "wave table"))
    if lines := numbers(cells.text("lines")):
        wave.totals.append(Said(lines[0], line, "wave table"))
    if branch_ids := ids(cells.text("critical")):
        facts.critical.append(Said(tuple(branch_ids), line, "wave table"))
    _members(cells, number, facts)


def _members(cells: Cells, number: int, facts: Facts) -> None:
    wave, line, raw = facts.wave(number), cells.line, cells.raw("branches") or cells.raw("id")
    text = clean(raw)
    member_names = ids(text) or names(raw)
    for match in re.finditer(r"(\d+\.\d+\.\d+[a-z]?)[^,;]{0,40}?\(\s*~?(\d[\d,]*)(?:\s*(?:lines|loc))?\s*\)", text):
        sized = line_counts(match[2])
        facts.mentions += [Mention("wave table", line, id=i, wave=number, lines=sized) for i in ids(match[1])]
    if member_names:
        wave.members += [Said(member, line, "wave table") for member in member_names]
    elif re.fullmatch(r"\d{1,3}(?:\s*(?:branches|efforts))?", text):
        wave.counts.append(Said(int(numbers(text)[0]), line, "wave table"))
    elif text and not nothing(text) and not re.match(r"\d+\b", text):
        parts = (part.strip() for part in re.split(r"[,;+]|\band\b", re.sub(r"\([^)]*\)", "", text)))
        wave.members += [Said(part, line, "wave table") for part in parts if part]


def _branch_row(cells: Cells, context: Context, facts: Facts, source: Source, place: int) -> None:
    """Read a row about one branch, named by id, git name, or a title beside an agent."""
    if re.match(r"\W*(?:grand |sub-?)?total", " ".join(map(clean, cells.row.cells[:2])), re.IGNORECASE):
        return
    others = cells.text("others")
    if "owns" in cells.where and cells.text("owner") and (ids(others) or agents_of(others)):
        matrices.shared_row(cells.text("owns"), cells.text("owner"), others, cells.line, context, facts)
        return
    branch_ids, name, free = _identity(cells)
    if len(branch_ids) > 1 or (not branch_ids and name is None and not _is_assignment(cells, context)):
        if "owns" in cells.where:
            matrices.shared_row(
                cells.text("owns"), cells.text("owner") or free, cells.text("others"), cells.line, context, facts
            )
        return
    wave = wave_number(cells.text("wave")) if "wave" in cells.where else None
    agents = agents_of(cells.text("agent")) or agents_of(cells.text("owner"))
    if "agent" in cells.where and not agents and re.fullmatch(r"\d{1,2}|[A-Z]", cells.text("agent")):
        agents = [cells.text("agent")]
    label = cells.text("agent")
    titled = asides.without(cells.text("title"))
    facts.mentions.append(
        Mention(
            source,
            cells.line,
            id=branch_ids[0] if branch_ids else None,
            name=name,
            title=ids_out(titled).strip(" :-\u2013") if _has_words(titled) else free or None,
            lines=cells.sizes() or asides.lines_in(cells.text("title")),
            needs=cells.text("needs") if "needs" in cells.where else asides.ties_in(cells.text("title"), "needs"),
            feeds=cells.text("feeds") if "feeds" in cells.where else asides.ties_in(cells.text("title"), "feeds"),
            owns=tuple(_listed(cells.raw("owns")) or any_paths(cells.raw("owns"))),
            wave=context.wave if wave is None else wave,
            agent=agents[0] if len(agents) == 1 else None,
            label=label if re.search(r"[A-Za-z]{2}", label) and not ids(label) and not nothing(label) else None,
            place=int(agents[0]) - 1 if len(agents) == 1 and agents[0].isdigit() else place,
            span=duration(cells.text("duration")) or asides.time_in(cells.text("title")),
        )
    )


def _listed(raw: str) -> list[str]:
    """Return the paths of a cell that holds only paths, each as code."""
    spans = list(_CODE.finditer(raw))
    is_paths = all(re.search(r"[/.*]|^[A-Z]+$", span[2]) and "{" not in span[2] for span in spans)
    if not is_paths or _CODE.sub("", raw).strip(", "):
        return []
    return [_bare(span[2]).removeprefix("./") for span in spans]


def _bare(text: str) -> str:
    """Return the content of a code span: one space on both sides is not part of it."""
    return text[1:-1] if text.strip() and text[0] == text[-1] == " " else text


def _has_words(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", ids_out(text))) and not names(text)


def _identity(cells: Cells) -> tuple[list[str], str | None, str]:
    """Return ids and git name of the row's branch, and the other text of its cell."""
    branch_ids: list[str] = []
    name: str | None = None
    free = ""
    for cell in _own_cells(cells):
        text = clean(cell)
        branch_ids += [i for i in ids(text) if i not in branch_ids] if not branch_ids else []
        if name is None and (named := names(cell)):
            name = named[0]
    raw = cells.raw("branch")
    if name is None and raw and not is_placeholder(raw):
        text = ids_out(clean(raw)).strip(" :-()\u2013,")
        if _SIMPLE.fullmatch(text) and ("`" in raw or "/" in text or "-" in text) and not text.isdigit():
            name = text
        else:
            free = text
    if name is None:
        about_others = {
            cells.where[kind] for kind in ("needs", "feeds", "others", "critical", "owns") if kind in cells.where
        }
        other_names = {n for i, cell in enumerate(cells.row.cells) if i not in about_others for n in names(cell)}
        name = other_names.pop() if len(other_names) == 1 else None
    return branch_ids, name, free


def _own_cells(cells: Cells) -> Iterator[str]:
    """Return the cells that name the row's branch, without those about other branches."""
    for kind in ("id", "branch", "branches", "owner", "agent", "title"):
        if cells.raw(kind):
            yield cells.raw(kind)
    others = {i for kind, i in cells.where.items() if kind not in ("wave", "lines", "duration", "start")}
    if not {"id", "branch", "branches"} & cells.where.keys():
        yield from (cell for i, cell in enumerate(cells.row.cells[:3]) if i not in others)


def _is_assignment(cells: Cells, context: Context) -> bool:
    """Say whether a row without id or name is a branch: in a table of agents, of a wave, with estimates."""
    is_assigned = bool(agents_of(cells.text("agent"))) or bool({"branch", "lines"} <= cells.where.keys())
    if {"id", "branch"} & cells.where.keys() and not (cells.text("id") or cells.text("branch")):
        return False
    sized = bool({"lines", "needs", "branch"} & cells.where.keys())
    waved = context.wave is not None or "wave" in cells.where
    return is_assigned and sized and waved and bool(cells.text("title") or cells.text("branch"))


def _risks(header: Row, rows: tuple[Row, ...], where: dict[str, int], facts: Facts) -> None:
    """Read `Risk | Level | Mitigation`."""
    for row in rows:
        cells = Cells(row, where, header)
        risk = cells.text("risk").lower()
        level = next((w for c in row.cells if (w := clean(c).lower()) in ("low", "medium", "high")), None)
        if risk and level:
            facts.risks.setdefault(risk, Said(level, row.line))
            if mitigation := cells.text("mitigation"):
                facts.mitigations.setdefault(risk, Said(mitigation, row.line))
