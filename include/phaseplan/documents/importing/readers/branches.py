"""Read statements about single branches: sections, definition lists, and the texts below a branch."""

from __future__ import annotations

import re
from dataclasses import replace

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context, agents_of, wave_of
from phaseplan.documents.importing.facts import Facts, Mention, Said, above, named
from phaseplan.documents.importing.readers import edges
from phaseplan.documents.importing.readers.edges import ARROW, MAYBE, NEEDS, SPLIT
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.statements import Statement
from phaseplan.documents.importing.titles import SIZE, is_role, lines_of, title_of
from phaseplan.documents.importing.words import clean, ids, ids_out, is_placeholder, line_counts, names
from phaseplan.documents.outline.asides import ties_in, time_in
from phaseplan.documents.outline.attributes import NEEDS as NEEDS_WORDS
from phaseplan.documents.outline.attributes import kind_of
from phaseplan.documents.outline.text import any_paths

_BARE_NEEDS = re.compile(
    rf"(?:{NEEDS_WORDS}|on top of)(?![\w-]):?\s+((?:.*\d+\.\d+\.\d+|nothing|none\b|no\b|wave).*)", re.I
)
_BEGINS = re.compile(r"\W*(?:(?:branch|effort|task|agent\s*\w{1,2})\b\W*){0,2}\d+\.\d+\.\d+", re.I)
_LIVES = re.compile(
    r"\b(?:lives? (?:on|in)|is (?:on|developed on|built on)|on|(?:git )?branch(?: is|:| name)?)\s+(?:the )?(?:branch )?"
    r"`([\w.-]+/[\w./-]+)`",
    re.I,
)
_STARTS = re.compile(r"\W*(?:agent\W*\w{1,3}\b)?\W*[\w.-]{1,40}/", re.I)  # a later name is a mention
_BARE_NAME = re.compile(r"[A-Za-z][\w.-]{0,60}(?:/[\w-]{1,80}){1,4}")  # a git name of any kind, alone on its line
_ROLE = re.compile(r"\W*agent[ #]*(\w{1,2})\s*(?::|\s[-\u2013\u2014])\s*(\S.*)", re.I)
_NAMED = re.compile(r"\bbranch:?\s+`([\w.-]+(?:/[\w.-]+)*)`", re.I)
_IN = re.compile(r"\b(?:in|under|touches|writes|files?:?)\s+((?:`[^`]*[/.][^`]*`(?:\s*(?:,|and|&)\s*)?)+)", re.I)
_GIT = re.compile(r"[A-Za-z0-9][\w.-]*(?:[/-][\w.-]+)+")
_TOUCHES = re.compile(
    r"(?:It )?(?:touches|writes|edits|changes|owns)(?: only)?\s+((?:`[^`]+`(?:\s*(?:,|and)\s*)?)+)", re.I
)
_EXPECTED = re.compile(
    r"(?:around|about|some|roughly|approximately|expect(?:ed)?(?: at)?|estimated?(?: at| of| is)?|"
    r"budget of|~|\u2248)\s*"
    r"(\d[\d,]*)\s+(?:lines|loc)\b",
    re.I,
)
_CODE = re.compile(r"`[^`]*`")
_OTHER = re.compile(
    r"critical path|merge order|rollback|validat|conflict|status|timeline|schedule|communication|"
    r"risk|example|template|success|metric|savings|split|integration",
    re.I,
)
_KEYS: tuple[tuple[str, str], ...] = (  # before the words that `attributes` knows
    ("id", r"(?:branch|effort|task|work item|item)?[ -]?(?:id|number|no\.?|#)"),
    ("lines", r"(?:est\w*\.? |target |expected |total |max )*(?:lines|loc|size|estimate|budget)(?: of code| .?est.*)?"),
    ("needs", r"depends|on top(?: of)?|before|first"),
    ("title", r"focus(?: area)?|description|scope|purpose|feature|component"),
    ("wave", r"(?:execution )?wave"),
    ("tests", r"tests?"),
    ("agent", r"(?:assigned |agent )?(?:agent|assignee|assigned to)(?: assignment)?"),
    (
        "owns",
        r"(?:exclusive |primary )*(?:files?|location|code|works? in|area|paths? ownership|file isolation|owned paths?)",
    ),
)


def _kind(key: str) -> str | None:
    """Return what a key below a branch is about."""
    return next((kind for kind, pattern in _KEYS if re.fullmatch(pattern, key)), None) or kind_of(key)


def heading(text: str, line: int, wave: int | None, facts: Facts, raw: str) -> None:
    """Read a heading that names one branch and opens its section: `#### 6.1.1: SyncTarget Controller (750 lines)`."""
    own_ids, own_names = ids(text), names(raw)
    role = _ROLE.fullmatch(text)
    if role is not None and wave is not None and not own_ids and not own_names:
        title = None if is_role(role[2]) else title_of(role[2])
        facts.mentions.append(Mention("branch section", line, title=title, wave=wave, agent=role[1].upper()))
        return
    if own_ids and SPLIT.search(text) and not MAYBE.search(text):
        facts.halved.append(Said(own_ids[0], line))
    if len(own_ids) > 1 or not (own_ids or own_names) or (_OTHER.search(ids_out(text)) and not _BEGINS.match(text)):
        return
    if SPLIT.search(text):
        return
    mention = named("branch section", line, text, wave, raw)
    mention.title, mention.lines, mention.span = title_of(text), lines_of(text), time_in(text)
    facts.mentions.append(mention)


def read(s: Statement, facts: Facts) -> None:
    """Add what a statement says of branches to the facts."""
    if edges.splits(s, facts):
        return
    subject = _subject(s)
    if subject is not None and s.kind == "text":
        _section_text(s, subject, facts)
    if subject is not None and _attribute(s, subject, facts):
        return
    own_ids = ids(s.whole)
    if s.kind != "table" and own_ids and _defines(s, own_ids):
        _definition(s, own_ids[0], facts)
    elif (
        s.kind in ("item", "fence") and not own_ids and len(names(f"{s.key} {s.raw}")) == 1 and _is_list_of_branches(s)
    ):
        _definition(s, None, facts)
    counted = (
        re.fullmatch(r"~?\d[\d,]{1,6}(?: lines)?\.?", s.value) if s.kind == "item" and s.key and not own_ids else None
    )
    if counted and s.context.under(r"lines?\b|sizes?\b|budget|estimates?\b", 1):
        facts.mentions.append(Mention("list", s.line, title=s.key, lines=line_counts(s.value)))
    _lives(s, own_ids, facts)
    if not own_ids:
        edges.by_name(s, facts)
    if own_ids and not re.search(r"critical path", " ".join((s.key, *s.parents, *s.context.headings[-1:])), re.I):
        edges.read(s, facts)


def paragraph(block: Block, context: Context, facts: Facts) -> None:
    """Read `**6.1.1 Controller.** ... We expect around 750 lines`, which may go over several lines."""
    lead = re.match(r"\W*\*\*([^*\n]{1,120})\*\*", block.text)
    own_ids = ids(clean(lead[1])) if lead else []
    branch = own_ids[0] if len(own_ids) == 1 else context.branch
    if branch is not None and len(sizes := _EXPECTED.findall(clean(block.text))) == 1:
        mention = above(replace(context, branch=branch), "text", block.line, None)
        mention.lines = line_counts(sizes[0])
        facts.mentions.append(mention)


def _lives(s: Statement, own_ids: list[str], facts: Facts) -> None:
    """Read `5.1.1 lives on `sync/x`.`"""
    match = _LIVES.search(s.raw) if "`" in s.raw else None
    if len(own_ids) != 1 or s.kind == "table":
        return
    sizes = [m[1] for m in re.finditer(r"(?<=[.*]\s)~?(\d[\d,]*) lines\.", f"{s.raw} ")]
    if sizes and s.kind == "text" and s.whole.find(own_ids[0]) < 4:
        facts.mentions.append(Mention("text", s.line, id=own_ids[0], lines=line_counts(sizes[0])))
    if match and s.whole.find(own_ids[0]) < 12 and not is_placeholder(match[1]):
        facts.mentions.append(Mention("text", s.line, id=own_ids[0], name=match[1]))


def _is_list_of_branches(s: Statement) -> bool:
    starts = _STARTS.match(f"{s.key}: {s.raw}" if s.key else s.raw) or s.context.under(r"branch", 2)
    is_about_branches = s.context.under(r"branch|wave|assign", 2) or (s.context.wave is not None and s.depth == 1)
    return bool(starts and is_about_branches) and not s.context.under(_OTHER.pattern, 1) and s.kind == "item"


def _subject(s: Statement) -> Mention | None:
    """Return the branch that a statement is below: an item above it, or its section."""
    wave = wave_of(" ".join(s.parents), s.context.wave)
    for parent in reversed(s.parents):
        branch_ids, own_names = ids(parent), names(parent)
        if len(branch_ids) == 1 and parent.find(branch_ids[0]) < 14:
            return Mention("branch section", s.line, id=branch_ids[0], wave=wave)
        if len(own_names) == 1:
            return Mention("branch section", s.line, name=own_names[0], wave=wave)
        if (
            s.kind == "fence"
            and wave is not None
            and _BARE_NAME.fullmatch(parent)
            and not any_paths(f"{parent}/x.go")[1:]
        ):
            return Mention("branch section", s.line, name=parent, wave=wave)
        if len(agents := agents_of(parent)) == 1 and re.match(r"\W*agent", parent, re.I):
            return Mention("branch section", s.line, agent=agents[0], wave=wave)
    if s.context.branch is not None:
        return above(s.context, "branch section", s.line, wave)
    if s.context.agent is not None and wave is not None:
        return Mention("branch section", s.line, agent=s.context.agent, wave=wave)
    return None


def _section_text(s: Statement, subject: Mention, facts: Facts) -> None:
    """Read `Touches only `a/`. Needs `x/one` and `x/two`.` in a branch's section."""
    for sentence in re.split(r"(?<=\.)\s+", f"{s.key}: {s.raw}" if s.key else s.raw):
        if touches := _TOUCHES.match(sentence):
            subject.owns = tuple(any_paths(touches[1]))
        elif needs := re.match(
            r"(?:It )?(?:needs|requires|depends on)\s+((?:.*`.*|.*\bwave\b.*|no other branch.*))", sentence, re.I
        ):
            subject.needs = needs[1].split(";")[0].rstrip(". ")
        if agent := re.match(r"\W*agent (\w{1,2})\b\W*(?:,|\bon\b|$)", sentence, re.I):
            subject.agent = agent[1].upper()
        if len(own_names := names(sentence)) == 1 and re.search(r"\b(?:on|branch)\b[^`]{0,14}`", sentence, re.I):
            subject.name = own_names[0]
    if subject.owns or subject.needs or subject.lines or subject.name or subject.agent:
        facts.mentions.append(subject)


def _attribute(s: Statement, subject: Mention, facts: Facts) -> bool:
    """Read `Lines: 600` below a branch."""
    key = re.sub(r"[_\s]+", " ", s.key.lower()).strip()
    needs_match = _BARE_NEEDS.match(s.value) if not key and s.kind == "item" else None
    kind = _kind(key)
    above = _kind(s.parents[-1].split(":")[0].lower()) if s.parents and not key else None
    first = re.split(r"\.\s|\s\(", s.raw, maxsplit=1)[0]
    if kind == "title" and "`" in first and not re.search(r"[A-Za-z]{5}", _CODE.sub("", first)) and any_paths(first):
        subject.owns = tuple(any_paths(first))
    elif "owns" in (kind, above):
        subject.owns = tuple(any_paths(s.raw))
    elif not key and s.context.headings and _kind(s.context.headings[-1].lower()) == "owns" and any_paths(s.raw):
        subject.owns = tuple(any_paths(s.raw)[:1])
    elif above == "needs":
        subject.needs = s.value
    elif kind == "name" and s.kind == "fence" and _GIT.fullmatch(s.value) and not is_placeholder(s.value):
        subject.name = s.value
    elif kind == "name" and (own_names := names(s.raw) or re.findall(r"`([\w./-]+)`", s.raw)):
        subject.name = own_names[0]
    elif needs_match is not None:
        subject.needs = needs_match[1]
    elif not key and SIZE.fullmatch(s.value.strip(" .")):
        subject.lines = lines_of(s.value)
    elif not key and (bare := re.fullmatch(r"(?:git )?branch:?\s+`([\w./-]+)`\W*", s.raw.strip(), re.I)):
        subject.name = bare[1]
    elif kind == "id" and len(branch_ids := ids(s.value)) == 1:
        subject.id = branch_ids[0]
    elif kind == "lines" and (counts := line_counts(s.value)):
        subject.lines = counts
    elif kind in ("needs", "feeds", "title"):
        setattr(subject, kind, s.value)
    elif kind == "span":
        subject.span = duration(s.value)
    elif kind == "wave":
        subject.wave = wave_of(f"wave {s.value}", subject.wave)
    elif kind == "agent" and (
        agents := agents_of(s.value if re.search("agent", s.value, re.I) else f"agent {s.value}")
    ):
        subject.agent = agents[0]
    else:
        return False
    facts.mentions.append(subject)
    return True


def _defines(s: Statement, own_ids: list[str]) -> bool:
    """Say whether an item introduces the branch it begins with."""
    lead = r"\W*(?:(?:branch|task|effort|agent\s*\w{1,2})\b\W*){0,2}"
    start = re.match(lead + re.escape(own_ids[0]) + r"\b", s.whole, re.I)
    if start is None or s.kind == "text" or ARROW.match(s.whole[start.end() :].strip()):
        return False
    return not (s.context.under(_OTHER.pattern, 1) or _OTHER.search(" ".join(s.parents))) and not re.search(
        r"\d+\.\d+\.\d+\s*(?:,|and|&|-)\s*\d", s.whole[:24]
    )


def _definition(s: Statement, branch: str | None, facts: Facts) -> None:
    own = any_paths(s.raw) if not NEEDS.search(s.whole) else []
    own_names = names(f"{s.key} {s.raw}") or [n for n in _NAMED.findall(s.raw) if not is_placeholder(n)]
    inside = _IN.search(s.raw) if own_names or lines_of(s.whole) else None
    own = own or (any_paths(inside[1]) if inside else [])
    listed = s.context.under(r"depend", 1) or s.about(r"depend")
    m = named("list", s.line, s.whole, wave_of(" ".join(s.parents), s.context.wave), " ".join(own_names))
    m.id, m.lines = branch, lines_of(s.whole)
    if not listed:
        m.title, m.span = title_of(s.whole), time_in(s.whole)
        m.needs, m.feeds = ties_in(s.whole, "needs"), ties_in(s.whole, "feeds")
        ownership = s.about(r"isolat|overlap|owner|files|packages?|director|paths") or s.context.under(
            r"isolat|overlap|owner|package|director", 1
        )
        m.owns = tuple(own) if ownership or inside or (s.key in (branch or "", "") and not m.title) else ()
    facts.mentions.append(m)
