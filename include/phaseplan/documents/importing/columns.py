"""Find what the columns of a table hold, from their headings; an unknown heading holds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from phaseplan.documents.importing.words import REMEMBERED, clean, ids, ids_out, names, paths

Column = Literal[
    "id",
    "branch",
    "branches",
    "title",
    "lines",
    "needs",
    "feeds",
    "wave",
    "agent",
    "agents",
    "owns",
    "duration",
    "owner",
    "others",
    "critical",
    "start",
    "risk",
    "mitigation",
    "",
]

_COLUMNS: tuple[tuple[Column, str], ...] = (
    (
        "feeds",
        r"^(?:prerequisites? (?:of|for)|"
        r"blocks|blocking|enables|unblocks|feeds|required by|needed by|dependents|dependants|"
        r"downstream|successors?|consum(?:ed by|ers?))\b|^used by",
    ),
    ("critical", r"critical"),
    (
        "needs",
        r"depend|depends on|require[sd]?\b(?! agents)|prereq|needs|builds on|blocked by|"
        r"upstream|predecessor|after$|wait(?:s|ing) (?:for|on)",
    ),
    (
        "agents",
        r"^(?:max(?:imum)?\.? )?(?:parallel|concurrent)(?: agents)?\b|(?:agents|engineers|developers)\b|# ?agents|"
        r"parallelism",
    ),
    ("others", r"shared (?:with|by)|contribut|secondary|also (?:touched|modified)|modified by|touched by"),
    (
        "owner",
        r"^(?:primary |file |lead )?owne[rd](?: (?:agent|branch|by))?$|^belongs to$|^written by$|^primary(?: agent| "
        r"branch)?$|^responsible|maintainer|^(?:exclusive |only )?writer",
    ),
    (
        "agent",
        r"^(?:assigned )?(?:agent|assignee|engineer|worker|developer|"
        r"session|workspace|worktree)(?: ?(?:#|id|no\.?|name))?$|^assigned",
    ),
    ("id", r"^(?:#|no\.?|id|ref)$|\bid$|^id\b|^(?:branch|task|effort|item|sub-?phase) ?(?:#|no\.?|number)$"),
    (
        "branches",
        r"^(?:total |# ?(?:of )?|number of |no\. of )?(?:branches|efforts)\b(?! names?)|^(?:members|"
        r"tasks|issues|tickets|stories|items|packages|work (?:items|packages))$|^branch ids?\b.*s\)?$|branch count",
    ),
    ("branch", r"\bbranch\b|^git\b|^(?:feature )?branch"),
    ("wave", r"^(?:execution |assigned |target )?waves?(?: ?(?:#|no\.?|number|name|id))?$"),
    (
        "owns",
        r"^(?:owned |primary |target |main |key |exclusive |touched )?(?:files?|paths?|packages?|"
        r"dir(?:ector(?:y|ies))?s?|folders?|locations?|places?|territory|owns|ownership|"
        r"touches|writes|edits|modifies|code paths?|"
        r"modules? paths?)\b(?! count)|package path|file path|files? owned|owned|file pattern|file/dir",
    ),
    ("lines", r"\bloc\b|\blines?\b|\bsize\b|sloc"),
    (
        "duration",
        r"duration|^takes$|wall[- ]?clock|elapsed|"
        r"\btime\b(?! ?zone)|hours|\beffort\b ?\(|estimate(?:d)?(?: time)?$|\best\.?$|length",
    ),
    ("start", r"^(?:start|timeline|schedule|day|days|when)\b"),
    ("risk", r"\brisks?\b|threat|conflict (?:type|area)|known issues?"),
    ("mitigation", r"mitigat|resolution|strategy|response"),
    (
        "title",
        r"focus|title|^role$|descri|feature|component|scope|deliver|purpose|\btask|\bwork|module|"
        r"content|what|name|^item|^ticket|^issue|^story|^unit|area|effort|theme|goal|objective|summary|topic",
    ),
)


@lru_cache(maxsize=REMEMBERED)
def column(heading: str) -> Column:
    """Return what a column holds; what was done so far is no estimate."""
    text = clean(heading).lower().strip(" :*")
    if re.search(r"\b(?:so far|to date|actual|remaining|progress)\b", text):
        return ""
    for kind, pattern in _COLUMNS:
        if re.search(pattern, text):
            return kind
    return ""


def columns(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]] = ()) -> dict[Column, int]:
    """Return the first column of every kind.

    :param rows: cells, which decide where headings leave it open: `Package` may hold ids or paths, `Est.` hours
        or lines.
    """
    out: dict[Column, int] = {}
    cells = [[row[i] for row in rows if i < len(row) and clean(row[i])] for i in range(len(headings))]
    for i, heading in enumerate(headings):
        kind = _by_content(column(heading), cells[i])
        if kind and kind not in out:
            out[kind] = i
    if "id" not in out and "branches" not in out:
        having = [
            i
            for i, cells_of_column in enumerate(cells)
            if column(headings[i]) in _OPEN and any(ids(clean(c)) for c in cells_of_column)
        ]
        if len(having) == 1 and _are_ids(cells[having[0]]):
            out = {"id": having[0], **{kind: i for kind, i in out.items() if i != having[0]}}
    if "wave" not in out and cells and cells[0] and all(_WAVE.match(clean(cell)) for cell in cells[0]):
        out = {"wave": 0, **{kind: i for kind, i in out.items() if i}}
    places = [
        i
        for i, cells_of_column in enumerate(cells)
        if column(headings[i]) in ("", "title") and _are_paths(cells_of_column)
    ]
    if "owns" not in out and len(places) == 1:
        out = {"owns": places[0], **{kind: i for kind, i in out.items() if i != places[0]}}
    return out


_WAVE = re.compile(r"\W*(?:wave\W*\d|w\d{1,2}\W*$)", re.IGNORECASE)
_COUNTED = re.compile(r"~?\s*\d[\d,]{1,6}(?:\s*(?:\u2192|->)\s*\d[\d,]*)?")
_OPEN = ("", "title", "branch", "owns", "risk")  # headings that ids may stand under


def _by_content(kind: Column, cells: list[str]) -> Column:
    """Return what a column holds by its heading, unless its cells cannot be that."""
    if kind == "owns" and cells and not any(paths(cell) or "`" in cell for cell in cells):
        several = any(len(ids(clean(cell))) > 1 for cell in cells)
        return "branches" if several else "id" if _are_ids(cells) else ""
    if kind == "duration" and cells and all(_COUNTED.fullmatch(clean(cell)) for cell in cells):
        return "lines"
    if kind == "duration" and cells and all(re.search(r"\d\s*(?:lines|loc)\b", clean(cell), re.I) for cell in cells):
        return "lines"
    if kind in ("id", "branch") and any(len(ids(clean(cell))) > 1 for cell in cells):
        return "branches"
    return kind


def _are_paths(cells: list[str]) -> bool:
    """Say whether every cell holds only paths."""
    alone = all(re.fullmatch(r"(?:`[^`/~.][^`]*/[^`]*`(?:\s*(?:,|;|and|<br>)\s*)?)+", cell.strip()) for cell in cells)
    return bool(cells) and alone and not any(names(cell) for cell in cells)


def _are_ids(cells: list[str]) -> bool:
    """Say whether every cell holds one id of its own and nothing else."""
    ids_by_cell = [ids(clean(cell)) for cell in cells]
    alone = all(
        len(f) == 1 and not re.search(r"[A-Za-z]{3}", ids_out(clean(c)))
        for f, c in zip(ids_by_cell, cells, strict=True)
    )
    return bool(cells) and alone and len({f[0] for f in ids_by_cell}) == len(cells)
