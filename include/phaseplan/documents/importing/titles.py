"""Read a heading or an item of a branch: its title, and how many lines it expects."""

from __future__ import annotations

import re

from phaseplan.documents.importing.readers.edges import NEEDS
from phaseplan.documents.importing.words import ids_out, line_counts, names
from phaseplan.documents.outline import asides
from phaseplan.documents.outline.headings import own_words, titled

SIZE = re.compile(r"~?\s*(\d[\d,]*(?:\s*(?:\u2192|->|-|\u2013)\s*\d[\d,]*)?)\s*(?:lines|loc|lines of code)\b", re.I)
_ROLE = re.compile(
    r"(?:[\w/&-]+ ){0,3}(?:expert|engineer|specialist|developer|lead|architect|owner|programmer|designer)s?",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?:\s[\u2013\u2014|-]\s|;|,\s)(?![^()\[\]]*[)\]])")  # what stands in brackets ends no title


def is_role(text: str) -> bool:
    """Say whether a text names what an agent is, not what it builds: `Steel Expert`."""
    return _ROLE.fullmatch(text.strip(" *_:.")) is not None


def lines_of(text: str) -> tuple[int, ...]:
    """Return how many lines a text gives a branch; empty if it gives none."""
    match = SIZE.search(text)
    return line_counts(match[1]) if match else ()


def title_of(text: str) -> str | None:
    """Return the title in a heading or an item."""
    words = ids_out(asides.without(text))
    bare = NEEDS.sub("", SIZE.sub("", re.split(r"\s(?:in|under)\s+(?=[\w.-]+/)", words, maxsplit=1)[0]))
    bare = re.sub(r"^\W*\[[A-Za-z]{1,2}\]\s*", "", bare)
    for name in names(bare):
        bare = bare.replace(name, "")
    bare = re.sub(
        r"^[^\w(]*(?:(?:branch|effort|task|agent\s*\w{1,2})\b[^\w(]*){0,2}[\s:.\u2013\u2014-]*", "", bare, flags=re.I
    )
    bare, remarks = titled(_ENDS.split(bare, maxsplit=1)[0].strip(" :-\u2013\u2014.,"))
    bare = re.sub(r"^\(([^()]*)\).*", r"\1", own_words(bare, remarks) or " ".join(remarks))  # `#5 (set up) -> back end`
    return bare if re.search(r"[A-Za-z]{2}", bare) and len(bare) <= 80 else None
