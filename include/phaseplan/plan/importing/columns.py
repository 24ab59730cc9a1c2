"""What the columns of a table hold, from their headings; a heading nobody knows holds nothing."""

from __future__ import annotations

import re
from typing import Literal

from include.phaseplan.plan.importing.words import clean

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
        r"^(?:blocks|blocking|enables|unblocks|feeds|required by|needed by|dependents|dependants|"
        r"downstream)\b|^used by",
    ),
    ("critical", r"critical"),
    (
        "needs",
        r"depend|depends on|require[sd]?\b(?! agents)|prereq|needs|blocked by|upstream|after$|wait(?:s|ing) (?:for|on)",
    ),
    ("agents", r"^(?:max(?:imum)?\.? )?(?:parallel|concurrent)(?: agents)?\b|agents\b|# ?agents|parallelism"),
    ("others", r"shared (?:with|by)|contribut|secondary|also (?:touched|modified)|modified by|touched by"),
    (
        "owner",
        r"^(?:primary |file |lead )?owne[rd](?: (?:agent|branch|by))?$|^primary(?: agent| "
        r"branch)?$|^responsible|maintainer",
    ),
    ("agent", r"^(?:assigned )?(?:agent|assignee|engineer|worker|developer)(?: ?(?:#|id|no\.?|name))?$|^assigned"),
    ("id", r"^(?:#|no\.?|id|ref)$|\bid$|^id\b|^(?:branch|task|effort|item|sub-?phase) ?(?:#|no\.?|number)$"),
    (
        "branches",
        r"^(?:total |# ?(?:of )?|number of |no\. of )?(?:branches|efforts)\b(?! names?)|^(?:members|"
        r"tasks|work items)$|^branch ids?\b.*s\)?$|branch count",
    ),
    ("branch", r"\bbranch\b|^git\b|^(?:feature )?branch"),
    ("wave", r"^(?:execution |assigned |target )?waves?(?: ?(?:#|no\.?|number|name|id))?$"),
    (
        "owns",
        r"^(?:owned |primary |target |main |key |exclusive |touched )?(?:files?|paths?|packages?|"
        r"dir(?:ector(?:y|ies))?s?|folders?|locations?|owns|ownership|code paths?|modules? "
        r"paths?)\b(?! count)|package path|file path|files? owned|owned|file pattern|file/dir",
    ),
    ("lines", r"\bloc\b|\blines?\b|\bsize\b|sloc"),
    ("duration", r"duration|\btime\b(?! ?zone)|hours|\beffort\b ?\(|estimate(?:d)?(?: time)?$|\best\.?$|length"),
    ("start", r"^(?:start|timeline|schedule|day|days|when)\b"),
    ("risk", r"\brisks?\b|threat|conflict (?:type|area)|issue"),
    ("mitigation", r"mitigat|resolution|strategy|response"),
    (
        "title",
        r"focus|title|descri|feature|component|scope|deliver|purpose|\btask|\bwork|module|"
        r"content|what|name|area|effort|theme|goal|objective|summary|topic",
    ),
)


def column(heading: str) -> Column:
    """What a column holds."""
    text = clean(heading).lower().strip(" :*")
    for kind, pattern in _COLUMNS:
        if re.search(pattern, text):
            return kind
    return ""


def columns(headings: tuple[str, ...]) -> dict[Column, int]:
    """The first column of every kind; a second of the same kind falls to a kind that fits too."""
    out: dict[Column, int] = {}
    for i, heading in enumerate(headings):
        kind = column(heading)
        if kind and kind not in out:
            out[kind] = i
    return out
