"""Read tables with branches on both axes (dependencies), or with paths on one (ownership)."""

from __future__ import annotations

import re

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.columns import columns
from phaseplan.documents.importing.context import Context, agents_of, wave_of
from phaseplan.documents.importing.facts import Facts, Mention, Said, Shared, named
from phaseplan.documents.importing.words import clean, ids, names
from phaseplan.documents.outline.text import any_paths

_YES = re.compile(
    r"(?:[\u2713\u2714\u2705\u25cf\u2b24\u2022x\u00d7\u2717]|yes|y|d|dep\w*|hard|req\w*|"
    r"\u2190|\u2192|direct|needs?|1)\W*",
    re.I,
)
_OWNS = re.compile(
    r"(?:[\u2713\u2714\u2705\u25cf\u2b24x\u00d7]|w|rw|write|own\w*|o|primary|p|exclusive|"
    r"create\w*|c|yes|y|lead)\W*(?:\(.*\))?",
    re.I,
)
_SHARES = re.compile(
    r"(?:m|modif\w*|shared?|s|append\w*|contribut\w*|update\w*|secondary|edit\w*|u|a)\b\W*(?:\(.*\))?", re.I
)


def read(block: Block, context: Context, facts: Facts) -> bool:
    """Read a matrix; return False if the table is none."""
    header = [clean(cell) for cell in block.rows[0].cells]
    heads = [branch_ids[0] if len(branch_ids := ids(text)) == 1 else None for text in header[1:]]
    if sum(h is not None for h in heads) >= 2 and _few_words(header[1:]):
        first = [ids(clean(row.cells[0])) for row in block.rows[1:] if row.cells]
        if sum(len(f) == 1 for f in first) >= 2:
            _dependencies(block, heads, facts)
            return True
    return _ownership(block, header, context, facts)


def _few_words(texts: list[str]) -> bool:
    return all(len(text) <= 60 for text in texts)


def _dependencies(block: Block, heads: list[str | None], facts: Facts) -> None:
    """Read marks: the row's branch needs the column's, unless the corner says that it blocks it."""
    pairs: list[tuple[str, str, int]] = []
    turned = re.search(r"blocks|enables|required by", clean(block.rows[0].cells[0]), re.IGNORECASE) is not None
    for row in block.rows[1:]:
        own = ids(clean(row.cells[0])) if row.cells else []
        for head, cell in zip(heads, row.cells[1:], strict=False):
            if len(own) == 1 and head is not None and head != own[0] and _YES.fullmatch(clean(cell)):
                pairs.append((head, own[0], row.line))
    facts.edges += [Said((b, a) if turned else (a, b), line, "matrix") for a, b, line in pairs]


def _ownership(block: Block, header: list[str], context: Context, facts: Facts) -> bool:
    """Read paths down, branches or agents across."""
    if _by_agent_and_wave(block, header, facts):
        return True
    where = columns(block.rows[0].cells)
    heads = [
        (text, bool(ids(text) or agents_of(text) or names(raw)))
        for text, raw in zip(header[1:], block.rows[0].cells[1:], strict=True)
    ]
    rows = [row for row in block.rows[1:] if row.cells and any_paths(row.cells[0])]
    if sum(is_one for _, is_one in heads) < 2 or "branch" in where or not rows:
        return False
    for row in rows:
        path = any_paths(row.cells[0])[0]
        cells = [clean(cell) for cell in row.cells[1:]]
        owners = [t for (t, one), cell in zip(heads, cells, strict=False) if one and cell and _OWNS.fullmatch(cell)]
        sharers = [
            t
            for (t, one), cell in zip(heads, cells, strict=False)
            if one and cell and _SHARES.fullmatch(cell) and t not in owners
        ]
        wave = wave_of(clean(row.cells[0]), context.wave)
        if len(owners) == 1 and not sharers:
            facts.owned += [_owner(owner, path, row.line, wave) for owner in owners]
        elif owners or sharers:
            note = ", ".join([*owners, *sharers])
            facts.shared.append(Shared(path, row.line, wave, False, note, owners[0] if len(owners) == 1 else None))
    return True


def _by_agent_and_wave(block: Block, header: list[str], facts: Facts) -> bool:
    """Read agents down, waves across, paths in the cells."""
    waves = [wave_of(text) for text in header[1:]]
    rows = [(row, agents_of(clean(row.cells[0]))) for row in block.rows[1:] if row.cells]
    has_paths = any(any_paths(cell) for row, _ in rows for cell in row.cells[1:])
    if len(waves) < 2 or None in waves or not has_paths or any(len(agents) != 1 for _, agents in rows):
        return False
    for row, agents in rows:
        for wave, cell in zip(waves, row.cells[1:], strict=False):
            if own := any_paths(cell):
                facts.owned.append(Mention("list", row.line, owns=tuple(own), wave=wave, agent=agents[0]))
    return True


def _owner(text: str, path: str, line: int, wave: int | None) -> Mention:
    mention = named("list", line, text, wave_of(text, wave))
    mention.owns = (path,)
    return mention


def shared_row(owns: str, owner: str, others: str, line: int, context: Context, facts: Facts) -> None:
    """Read a row of `path | owner | shared with`."""
    for path in any_paths(owns):
        mention = _owner(owner, path, line, context.wave)
        several = (
            len(ids(owner)) > 1
            or len(agents_of(owner)) > 1
            or re.search(r"shared|all agents|\ball\b", owner, re.IGNORECASE)
        )
        if path.endswith("/") and len(ids(owner)) > 1 and not ids(others):  # a folder, each with files of its own there
            facts.owned += [Mention("list", line, id=i, owns=(path,), wave=context.wave) for i in ids(owner)]
        elif several or ids(others) or agents_of(others):
            note = f"{owner}, {others}" if others else owner
            facts.shared.append(
                Shared(
                    path,
                    line,
                    wave_of(owner, context.wave),
                    "generated" in f"{owner}{others}".lower(),
                    note,
                    None if several else owner,
                )
            )
        elif mention.id or mention.name or mention.agent or owner:
            mention.title = owner if not (mention.id or mention.name or mention.agent) else None
            facts.owned.append(mention)
