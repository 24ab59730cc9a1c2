"""Read lines `Key: value` about a unit, a group or a phase, in the words of several languages."""

from __future__ import annotations

import re
from functools import lru_cache

from phaseplan.documents.importing.words import spelt_out
from phaseplan.documents.outline.headings import is_done, state
from phaseplan.documents.outline.ids import CODE, ONE, WIDE, nothing
from phaseplan.documents.outline.model import At, Part, Unit
from phaseplan.documents.outline.text import cell_paths, git_name, paths, plain, planned, size

#: What stands in a sentence between a unit and what it needs, or what needs it.
NEEDS = (
    r"depends? on|requires?|needs?|(?:(?:is|are) )?blocked by|builds? on|waits? (?:for|on)|(?:comes? )?after|follows?|"
    r"must follow|\u2190|<-{1,2}|h\u00e4ngt ab von|braucht|nach|depende de|d\u00e9pend de|apr\u00e8s|despu\u00e9s de"
)
FEEDS = (
    r"(?:must (?:come |run )?|comes? |goes |runs )?before|(?:all |both )?(?:un)?blocks?|(?:all |both )?enables?|feeds?|"
    r"(?:is|are) (?:a )?(?:prerequisites? (?:of|for)|required (?:by|for)|needed (?:by|for))|then|\u2192|-{1,2}>|=>|"
    r"blockiert|vor|antes de|avant"
)
#: Words of each kind; the first that matches decides, so directions stand before what they contain.
KINDS: tuple[tuple[str, str], ...] = (
    (
        "feeds",
        r"(?:prerequisite|requirement|precondition|voraussetzung|requisito|pr\u00e9requis|"
        r"required|needed|vorg\u00e4nger)s? (?:of|for|by|f\u00fcr|von|para|pour|de)\b.*|"
        r"(?:this )?(?:un)?blocks?|blocking|enables?|feeds|unlocks|blockiert|bloquea|bloque|"
        r"benötigt von|dependents|dependants|successors?|"
        r"nachfolger|used by|downstream|sucesor(?:es)?|outward issue link \(blocks\)|"
        r"is required by|(?:must |should )?(?:comes?|runs?|completes?|finish(?:es)?|be done) before|before|vor",
    ),
    (
        "needs",
        r"(?:phase |task |story |hard )?(?:depends(?: on)?|dependenc(?:y|ies)|deps?|depend[_ ]on)|"
        r"prerequisites?(?: stories| tasks)?|requires?|needs?|"
        r"(?:must |should )?(?:comes?|runs?|starts?|begins?) after|stacked on|"
        r"(?:un)?blocked[ -_]?by|is blocked by|builds on|waits (?:for|on)|after|comes after|follows|upstream|"
        r"predecessors?|"
        r"inward issue link \(blocks\)|abh\u00e4ngig(?:keit(?:en)?)?(?: von)?|"
        r"h\u00e4ngt ab von|braucht|ben\u00f6tigt|nach|kommt nach|vorg\u00e4nger|"
        r"voraussetzung(?:en)?|"
        r"depende(?: de)?|dependencias?|requiere|despu\u00e9s de|predecesor(?:es)?|"
        r"d\u00e9pend(?: de)?|d\u00e9pendances?|apr\u00e8s|"
        r"n\u00e9cessite|dipende(?: da)?|dipendenze|dopo|depend\u00eancias?|depois de|requer|afhankelijk van|na|"
        r"\u4f9d\u8d56(?:\u9879|\u5173\u7cfb|\u4efb\u52a1)?|\u524d\u7f6e(?:\u4efb\u52a1|"
        r"\u4f9d\u8d56)?|\u4f9d\u5b58(?:\u95a2\u4fc2|\u30bf\u30b9\u30af)?|"
        r"\uc758\uc874\uc131?|\uc120\ud589(?: ?\uc791\uc5c5)?|ph\u1ee5 thu\u1ed9c(?: v\u00e0o)?|"
        r"\u0437\u0430\u0432\u0438\u0441\u0438\u0442 \u043e\u0442|"
        r"\u0437\u0430\u0432\u0438\u0441\u0438\u043c\u043e\u0441\u0442\u0438",
    ),
    ("name", r"(?:git |feature )?branch(?: name)?|zweig|rama|branche|ramo|worktree branch|git"),
    (
        "owns",
        r"(?:(?:owned|touched|changed|modified|affected|key|main|target|expected|"
        r"new) )?(?:files?|paths?|directories|directory|folders?|modules?|packages?)"
        r"(?: (?:modified|owned|touched|changed|to (?:create|modify|change)(?:/modify)?|"
        r"created|affected))?|owns|ownership|touches|scope|"
        r"\u6587\u4ef6|\u30d5\u30a1\u30a4\u30eb|\ud30c\uc77c|\u0444\u0430\u0439\u043b\u044b|"
        r"writes|edits|creates?|modif(?:y|ies)|tests?|deletes?|dateien|pfade|archivos|ficheros|"
        r"rutas|fichiers|chemins|file|caminhos|arquivos|bestanden",
    ),
    (
        "lines",
        r"(?:est(?:imated|\.)? |target |max )*(?:lines(?: of code)?|loc|size|sloc|zeilen|"
        r"l\u00edneas|lignes|righe|linhas|regels)",
    ),
    (
        "span",
        r"(?:est(?:imated|\.)? |planned )*(?:duration|time|effort|estimate|hours|dauer|aufwand|"
        r"duraci\u00f3n|dur\u00e9e|durata|dura\u00e7\u00e3o|duur)",
    ),
    (
        "state",
        r"status|state|zustand|estado|statut|stato|\u72b6\u6001|\u72b6\u614b|\u72c0\u614b|"
        r"\u72b6\u6cc1|\u9032\u6357|\uc0c1\ud0dc|tr\u1ea1ng th\u00e1i|"
        r"\u0441\u0442\u0430\u0442\u0443\u0441",
    ),
    ("label", r"(?:assigned )?(?:agent|assignee|assigned to|owner|zust\u00e4ndig|responsable|verantwortlich)"),
    ("title", r"title|name|titel|t\u00edtulo|titre|titolo|summary"),
    ("consumes", r"consumes"),
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in KINDS)
_PAIR = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\*\*|__|_|\*)?(?P<key>[^\W\d_][^:\uff1a*_\n|]{1,40}?)(?:\*\*|"
    r"__)?\s*(?::(?:\*\*|__)?(?P<value>(?:\s.*)?)|\uff1a(?:\*\*|__)?(?P<wide>.*))$"
)
_FROM = re.compile(
    r"\b(?:from|of|by|in)\s+((?:tasks?|story|stories|prs?|units?|"
    r"issues?)\s*#?\d[\d.]*\b(?:\s*(?:,|and|&|-)\s*#?\d[\d.]*\b)*)",
    re.IGNORECASE,
)
#: What stands before what is needed, a space behind it or not; a text with none of these names no need.
_WORDS = ("depends on", "depends", "deps", "requires", "needs", "after", "once", "blocked by", "builds on", "waits for",
          "waits on", "follows", "abh\u00e4ngig von", "h\u00e4ngt ab von", "nach", "depende de",
          "d\u00e9pend de")  # fmt: skip
_SIGNS = ("\u4f9d\u8d56\u4e8e", "\u4f9d\u8d56", "\u4f9d\u5b58", "\u524d\u7f6e")
_BEFORE = (  # `can start after 1.1`
    r"(?:it |this )?(?:(?:can|may|must|should|to) (?:only )?(?:be )?(?:start(?:ed)?|begin|begun|run|done|built|come) |"
    r"(?:starts?|begins?|runs?|comes?) |only )?"
)
_KEY = rf"{_BEFORE}(?:(?:{'|'.join(_WORDS)}):?\s+|(?:{'|'.join(_SIGNS)}):?\s*)"
_NEED = re.compile(rf"\s*{_KEY}", re.IGNORECASE)
_FEED = re.compile(rf"\s*(?:{FEEDS}|prerequisites? (?:of|for))(?:\s*:)?\s+", re.IGNORECASE)
_CLAUSE = re.compile(
    rf"(?:\s*[(\[\u2014\u2013,;:|/\u00b7\u2192-]|(?<=\w)\.\s)\s*{_KEY}"
    r"(?P<needs>[^()\[\]]*\d[^()\[\]]*|all [^()\[\]]*|[^()\[\]]*/[^()\[\]]*?)[)\]]?\.?\s*$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(rf"\s*[(\[]\s*{_KEY}(?P<needs>[^()\[\]]*\d[^()\[\]]*)[)\]]", re.IGNORECASE)
_SURE = re.compile(
    r"\s*(?:[(\[]\s*|(?<=\w)(?::|\s[\u2013\u2014-])\s+)(?:depends on|blocked by|abh\u00e4ngig von):?\s+"
    r"(?P<needs>[^()\[\]]+)(?:[)\]]|$)",
    re.IGNORECASE,
)
_LEADING = re.compile(  # `Blocked by 1.2: Walls`, `After #6 and #7, walls`
    rf"^[*_]{{0,2}}{_KEY}(?P<needs>[^:;\[\]]{{0,80}}?\d[^:;\[\]]{{0,80}}?)[*_]{{0,2}}"
    rf"(?:\s*[:;]|\.\s|\s+[\u2013\u2014-]\s|,(?!\s*(?:{ONE}|(?:and|task|story|pr|issue)\b)))"
    r"[*_]{0,2}\s*(?=[^\W\d]|[`\"'(])",
    re.IGNORECASE,
)
_MERGED = re.compile(
    r"\s+(?:(?:is|are|being|has been|have been)\s+)?(?:merged|done|completed?|finished|ready)$", re.IGNORECASE
)
_PHASE_LIST = re.compile(
    r"\b(?:phases?|fasen?|fases)\s*#?(\d{1,3}(?!\.\d)(?:\s*(?:[,&/\u2013-]|and|und|y|et|to|"
    r"through)\s*(?:phase\s*)?\d{1,3}\b(?!\.\d))*)",
    re.IGNORECASE,
)
_PHASES = re.compile(r"\b(?:phases?|fasen?|fases)\b", re.IGNORECASE)


_OF_NEEDS = {
    "task", "tasks", "story", "stories", "pr", "prs", "issue", "issues", "phase", "phases", "wave", "waves", "unit",
    "units", "epic", "epics", "and", "all", "of", "to", "through", "the", "previous", "earlier", "except", "or",
    "step", "steps", "branch", "branches", "und", "bis",
}  # fmt: skip
_UNITS = "|".join(sorted(_OF_NEEDS - {"or"}))
_OF_UNIT = re.compile(rf"(?:(?:{_UNITS})\s+)+#?\d|#\d", re.IGNORECASE)
_IN_WORDS = re.compile(
    rf"(?:this \w+ |it )?(?:{NEEDS})\s+(?P<needs>(?:(?:(?:{_UNITS})\s+)+#?\d|#\d|{CODE}|"
    r"\d[\d.]*(?=\s*(?:[,&]|and\b|$))).*)",
    re.IGNORECASE,
)
IN_WORDS = "in words"


@lru_cache(maxsize=4096)
def kind_of(key: str) -> str | None:
    """Return what a key or a column's heading is about; None if no word of it is known."""
    bare = re.sub(r"\s*\([^)]*\)$", "", key.strip(" .:*_#")) if "(blocks)" not in key.lower() else key.strip(" .:*_#")
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(bare)), None)


def pair(text: str) -> tuple[str, str] | None:
    """Split `**Depends on:** PR 2` into what it is about and its value; None if it is no such line."""
    match = _PAIR.match(text) if ":" in text or "\uff1a" in text else None
    if match is None:
        return None
    kind = kind_of(plain(match["key"]))
    value = match["wide"] if match["value"] is None else match["value"]
    return None if kind is None else (kind, value.strip().removesuffix("_").strip())


def without_needs(unit: Unit, text: str, line: int) -> str:
    """Take `Blocked by #12:`, `(depends on #12)` or `, needs #12` from a title, and note it; return the rest."""
    lowered = text.lower()
    if not any(word in lowered for word in (*_WORDS, *_SIGNS)):
        return text
    for pattern in (_LEADING, _CLAUSE, _BRACKETS, _SURE):
        match = pattern.search(text.translate(WIDE))
        needs = _MERGED.sub("", match["needs"]) if match is not None else ""
        if match is not None and (pattern is _SURE or names_units(needs)):
            unit.texts.append(At(needs, line))
            text = f"{text[: match.start()]} {text[match.end() :].lstrip()}".strip()
    return text  # `(requires Rust 1.70)` is the title's own


def needed(text: str) -> str | None:
    """Return what a text that begins with words of need goes on with: `after 1.1`; None if it begins otherwise."""
    match = _NEED.match(text.translate(WIDE))
    return _MERGED.sub("", text[match.end() :].strip()) if match is not None else None


def tie(text: str) -> tuple[str, str] | None:
    """Return `needs` or `feeds` and the words that name the units, of `after 1.1`, `blocks 1.3`, `prerequisite: 1.1`.

    A text that begins with words of need is one whatever it names; all others have to name units.
    """
    if (words := needed(text)) is not None:
        return "needs", words
    match = _FEED.match(text)
    found = ("feeds", text[match.end() :].strip()) if match is not None else pair(text)
    return found if found is not None and found[0] in ("needs", "feeds") and names_units(found[1]) else None


def names_units(needs: str) -> bool:
    """Say whether a text names units or branches, and nothing else: `T1 and T2`, `Wave 1 handoff`, `feat/a`."""
    words = re.findall(r"[^\W\d_]{2,}", re.sub(rf"(?<![\w.]){ONE}|\([^()]*\)", " ", needs))
    return "/" in needs or {word.lower() for word in words} <= _OF_NEEDS or _OF_UNIT.match(needs) is not None


def in_words(unit: Unit, text: str, line: int) -> None:
    """Read a sentence below a unit that begins with its need: `Depends on Wave 1 handoff`."""
    if (match := _IN_WORDS.fullmatch(plain(text).rstrip(" ."))) is not None:
        unit.texts.append(At(match["needs"], line, IN_WORDS))


def of_unit(unit: Unit, kind: str, value: str, line: int) -> bool:
    """Add one value to a unit; False if it holds nothing of its kind."""
    if kind in ("needs", "feeds"):
        (unit.texts if kind == "needs" else unit.feeds).append(At(value, line))
    elif kind == "consumes":
        unit.texts += [At(match[1].rstrip(" ."), line) for match in _FROM.finditer(plain(value))]
    elif kind == "name" and (name := git_name(value)):
        unit.name = unit.name or At(name, line)
    elif kind == "name" and is_done(value):
        unit.state = At("done", line)
    elif kind == "owns":
        own(unit, cell_paths(value) or paths(value), line)
    elif kind == "lines" and (count := size(value) or _number(value)) is not None:
        unit.lines = At(count, line)
    elif kind == "span" and (count := size(value)) is not None:
        unit.lines = unit.lines or At(count, line)
    elif kind in ("span", "lines") and (span := planned(value)):
        unit.span = At(span, line)
    elif kind == "state":
        unit.state = At(done, line) if (done := state(value)) else unit.state
    elif kind == "label" and plain(value):
        unit.label = At(plain(value), line)
    elif kind == "title" and plain(value):
        unit.title = unit.title or plain(value)
    else:
        return False
    return True


def own(unit: Unit, several: list[str], line: int) -> None:
    """Add paths to a unit, each once."""
    known = {path.value for path in unit.owns}
    unit.owns += [At(path, line) for path in dict.fromkeys(several) if path not in known]


def of_part(part: Part, kind: str, value: str, line: int) -> bool:
    """Add one value to a phase; False if it is not about phases."""
    bare = plain(value)
    if kind not in ("needs", "feeds") or not (_PHASES.search(bare) or nothing(bare)):
        return False
    own_number = part.number.value if part.number else None
    target = part.depends if kind == "needs" else part.blocks
    target += [At(n, line) for n in phases(bare) if n != own_number]
    return True


def phases(text: str) -> tuple[int, ...]:
    """List the phases that a text names: `Phase 2`, `Phases 3 and 4`, `phases 2-4`."""
    return tuple(spelt_out(", ".join(match[1] for match in _PHASE_LIST.finditer(text))))


def _number(value: str) -> int | None:
    match = re.fullmatch(r"[~\u2248]?\s*(\d{1,3}(?:[,.\u202f ]\d{3})+|\d{1,6})", plain(value))
    return int(re.sub(r"\D", "", match[1])) if match else None
