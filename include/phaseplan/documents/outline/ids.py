"""Know ids: which texts are one, and which units a text means. No other module decides that."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from phaseplan.documents.outline.model import Group, Unit
from phaseplan.documents.outline.text import git_names, plain
from phaseplan.plan.graph import reaches

#: An id that a document gives to a unit: `T001`, `CORE-001`, `W2-T3`, `W0-A`, `1-B`, `2A`, `#12`, `1.2`, `04-01`.
CODE = (
    r"(?:[A-Z][A-Za-z]{0,11}(?:[-_][A-Z][A-Z0-9]{0,11})*[-_]?\d{1,5}"
    r"(?:(?:[-._](?:[A-Z]{1,3})?|[A-Z]{1,3})\d{1,4})*(?:[-_.][A-Z](?!\w)|[a-z])?|(?![2-5][DGK]\s)\d{1,2}-?[A-Z]\d{0,2}(?!\w))"
)
NUMBERED = r"\d{1,4}(?:\.\d{1,4}){0,3}[a-z]?|\d{2,3}-\d{2,3}"
ONE = rf"(?:#\d{{1,6}}|{CODE}|{NUMBERED})"
#: Ids that requirements, risks, decisions and the like have, not units.
NO_UNIT = re.compile(
    r"\[?(?:FR|NFR|SC|AC|US|R|RISK|REQ|ADR|RFC|UTF|HTTP|SHA|ES|D|Q|KPI|G|QG)-?\d+(?!\d|-[A-Z])|"
    r"\[?[MP]-?\d+(?!\d|-[A-Z]|\.\d)",  # `P1-S2` and `M1.2` are units of a phase and a milestone
    re.IGNORECASE,
)
_ID = re.compile(ONE)
_NOTHING = re.compile(
    r"(?:none(?: of .*)?|nothing|n/?a|nil|null|no(?: other)?(?: \w+){0,3}|[-\u2013\u2014\u2212/.\s]*|"
    r"\[\s*\]|independent|keine?[rsnm]?|"
    r"nichts|ninguno|ninguna|nada|aucune?|rien|nessuno|nessuna|nenhum|nenhuma|\u2205|\u65e0|\u306a\u3057|\u7121|"
    r"immediate(?:ly)?|base|main|can start (?:immediately|at once|first).*)(?:\s*[(,;\u2013\u2014-].*)?\.?",
    re.IGNORECASE,
)
WIDE = str.maketrans("\uff08\uff09\uff0c\u3001\uff1b\uff1a", "(),,;:")  # the marks of Chinese and Japanese
_TO = r"\s*(?:-|\u2013|\u2014|\.\.\.?|\u2026|\bto\b|\bthrough\b|\bthru\b|\bbis\b|\ba\b|\bal\b|\u00e0)\s*"
_WORD = r"[^\W\d_]{2,20}s?(?:es)?"
_SEPARATE = re.compile(r"\s*(?:[,;&+\n]|\band\b|\bplus\b|\bund\b|\by\b|\bet\b|\be\b|\bsowie\b|<br\s*/?>)\s*", re.I)
_ALL = re.compile(r"\b(?:all|every|each|everything|alle[sr]?|todos|todas|tous|toutes|tutti|tutte)\b", re.IGNORECASE)
_OTHER_THINGS = re.compile(  # `all tests`, `every check of this`
    r"^(?!.*\b(?:tasks?|story|stories|issues?|prs?|branch(?:es)?|units?|tickets?|steps?|items?|waves?|phases?|epics?)\b)"
    r".*\b(?:all|every|each)(?: (?:of|the|other|previous|prior|earlier|preceding))* (?!(?:of|the|other|previous|prior|"
    r"earlier|preceding|above|others|them|rest|before)\b)\w",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"\b(?:except(?: for)?|but not|without|excluding|other than|au\u00dfer|ohne|excepto|sauf)\b", re.I)
_BEFORE = re.compile(
    r"\b(?:previous|prior|earlier|above|preceding|before|vorherige\w*|anteriores|pr\u00e9c\u00e9dents?)\b", re.I
)
_GROUP = re.compile(r"\b([^\W\d_]{3,20}?|(?-i:W))s?\s*#?(\d{1,3})\b", re.IGNORECASE)
BETWEEN = re.compile(r"\s*(?:[,;+&]|\band\b)\s*", re.IGNORECASE)
_STORY = re.compile(r"\W*(?:US|user story)[ -]?(\d{1,3})(?:\s*\([^()]*\))?\W*", re.IGNORECASE)
_UNIT_WORDS = "tasks?|story|stories|issue|pr|branch|unit|ticket|step"
_NOT = re.compile(r"\b(?:not|no longer|never|neither|nor|cannot|optional(?:ly)?|nicht)\b|n['\u2019]t\b", re.IGNORECASE)


def nothing(text: str) -> bool:
    """Say whether a text says that nothing is needed."""
    return _NOTHING.fullmatch(plain(text).translate(WIDE).strip(" .()")) is not None


def is_id(text: str) -> bool:
    """Say whether a text alone could be an id; a version, a time or a size is none."""
    return _ID.fullmatch(text.strip()) is not None


def key(text: str) -> str:
    """Return what two ways to write one id have in common: `#012` and `12`, `t001` and `T001`."""
    bare = text.strip().lstrip("#").lower()
    return str(int(bare)) if bare.isdecimal() else bare


def _spelled(match: re.Match[str]) -> str:
    """Spell out `Phases 0 and 2` and `Waves 1-3`."""
    ends = re.findall(r"\d+", match[2])
    ranged = len(ends) == 2 and re.search(r"to|[\u2013-]", match[2])
    numbers = range(int(ends[0]), int(ends[1]) + 1) if ranged else ends
    return ", ".join(f"{match[1]} {number}" for number in numbers)


@dataclass(frozen=True)
class Meant:
    """Hold the ids that a text means, and the parts of it that fit no unit."""

    ids: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass
class Known:
    """Hold the units of a document, in order, to read what texts mean."""

    units: list[Unit]
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index the units by everything that means one of them."""
        self.place = {unit.id: i for i, unit in enumerate(self.units)}
        self.by_key: dict[str, str] = {}
        words: set[str] = set()
        for unit in self.units:
            if not unit.made_up:  # no text means an id that is not in the document
                self.by_key.setdefault(key(unit.id), unit.id)
            if unit.shown:
                self.by_key.setdefault(key(unit.shown), unit.id)
                words |= {m.lower() for m in re.findall(r"[^\W\d_]{2,20}(?=\s*#?\d|[\s-][A-Z]$)", unit.shown)}
            if unit.name:
                self.by_key.setdefault(unit.name.value.lower(), unit.id)
                self.by_key.setdefault(unit.name.value.rsplit("/", 1)[-1].lower(), unit.id)
        self.by_title: dict[str, str] = {}
        for unit in self.units:
            if unit.title:
                self.by_title.setdefault(unit.title.lower().strip(" ."), unit.id)
        begins = [re.split(r"\s*(?:[:(\u2013\u2014]| - )", unit.title.lower())[0] for unit in self.units]
        count = Counter(begins)
        for begin, unit in zip(begins, self.units, strict=True):  # `Auth: add login` and `Auth (P1)` are Auth
            if begin and count[begin] == 1:
                self.by_title.setdefault(begin, unit.id)
        stems = "|".join(re.escape(word[:-1]) + r"\w{0,4}" for word in sorted(words)) or "(?!)"
        self.stems = re.compile(rf"^(?:{stems})(?:\s*#?(?=\d)|[\s-]+(?=[a-z]$))")
        self.named = re.compile(rf"\b(?:{stems}|{_UNIT_WORDS})\s*#?\d+(?:\.\d+)*[a-z]?(?![\w/]|-\d)")
        self.group_of = {unit.id: group for group in self.groups for unit in group.units}
        kinds = "|".join(sorted({re.escape(group.word) for group in self.groups if group.word})) or "(?!)"
        self.several = re.compile(
            rf"\b({kinds})s\s+(\d{{1,2}}(?:\s*(?:[,&\u2013-]|and|to)\s*\d{{1,2}})+)(?![\w.])", re.I
        )

    def unit(self, label: str) -> Unit:
        """Return the unit of an id."""
        return self.units[self.place[label]]

    def one(self, text: str) -> str | None:
        """Return the unit that a text alone means."""
        bare = text.strip(" .`*_()[]:").lower()
        short = self.stems.sub("", bare)
        short = re.sub(rf"^(?:{_UNIT_WORDS})\s*(?=#?\d|[a-z]+-?\d|\s[a-z]$)", "", short)
        for form in (bare, short, re.sub(r"-plan(?:\.md)?$", "", short)):
            if (unit := self.by_key.get(key(form))) is not None:
                return unit
        return self.by_title.get(re.sub(r"^(?:task|story|issue)\s*:\s*", "", bare))

    def meant(self, text: str, by: str = "") -> Meant:
        """Return the units that a text means to the unit `by`: lists, ranges, plurals, all of a group, exceptions."""
        bare = plain(text).translate(WIDE).strip()
        if nothing(bare):
            return Meant((), ())
        split = _EXCEPT.split(bare, maxsplit=1)
        out, unread = self._list(split[0], by)
        if len(split) == 2:
            less, odd = self._list(split[1], by)
            out, unread = [i for i in out if i not in less], unread + odd
        return Meant(tuple(dict.fromkeys(i for i in out if i != by)), tuple(unread))

    def _list(self, text: str, by: str) -> tuple[list[str], list[str]]:
        out: list[str] = []
        unread: list[str] = []
        whole = self.one(text)
        if whole is not None:
            return [whole], []
        text = self.several.sub(_spelled, text)
        asides = [self._exact(aside) for aside in re.findall(r"\(([^()]*)\)", text)]
        in_asides = [i for aside in asides for i in aside]
        each = iter(asides)
        text = re.sub(r"\s*\([^()]*\)", " \0 ", text)  # a comma in brackets separates nothing
        for part in _SEPARATE.split(text):
            own = [i for _ in range(part.count("\0")) for i in next(each)]
            bare = " ".join(part.replace("\0", " ").split()).strip(" .:;")
            ids = self._part(bare, by, in_asides) if bare else []
            ids = own or None if ids is None else ids
            if ids is None:
                unread.append(bare)
            else:
                out += ids
        return (out, unread) if out or not in_asides else (in_asides, [])

    def _exact(self, aside: str) -> list[str]:
        """List the units of an aside that lists nothing but units: `(2.1, 2.2)`."""
        out: list[str] = []
        for part in (p.strip() for p in _SEPARATE.split(aside) if p.strip()):
            ids = self.span(part) or ([unit] if (unit := self.one(part)) else None)
            if ids is None:
                return []
            out += ids
        return out

    def _part(self, part: str, by: str, in_asides: list[str]) -> list[str] | None:
        """Read one part of a list; None if it means no unit."""
        if nothing(part):
            return []
        if (unit := self.one(part)) is not None:
            return [unit]
        if (several := self.span(part)) is not None:
            return several
        if _ALL.search(part) or _BEFORE.search(part):
            return in_asides or self._all(part, by)
        if "/" in part and (several := self._slashed(part)) is not None:
            return several
        if (members := self._members(part, by)) is not None:
            return members
        if _NOT.search(part):
            return None
        named = [self.one(match[0]) for match in self.named.finditer(part.lower())]
        if named:  # `PR 1 merged`
            return [unit for unit in named if unit is not None] if None not in named else None
        if (names := git_names(part)) and all(name.lower() in self.by_key for name in names):
            return [self.by_key[name.lower()] for name in names]
        units = [
            unit for token in re.findall(rf"(?<![\w.#/-]){ONE}(?![\w/]|\.\d|-\w)", part) if (unit := self._token(token))
        ]
        return units or None

    def _slashed(self, part: str) -> list[str] | None:
        """Spell out `HAI-001/003` and `W1-T1/T3`: what follows a slash takes the beginning from the id before."""
        first, *others = (piece.strip() for piece in part.split("/"))
        out = [self.one(first)]
        for other in others:
            forms = (other, *(first[:at] + other for at in range(len(first) - 1, 0, -1)))
            out.append(next((unit for form in forms if (unit := self.one(form)) is not None), None))
        units = [unit for unit in out if unit is not None]
        return units if len(units) == len(out) else None

    def _token(self, token: str) -> str | None:
        """Return the unit of a token inside other words; a bare number inside words is none."""
        return None if token.isdecimal() else self.by_key.get(key(token))

    def span(self, part: str) -> list[str] | None:
        """Spell out `T001-T004`, `1.1 to 1.3`, `Tasks 1-3`, `04-01..04-03` among the units that there are."""
        bare = re.sub(rf"^{_WORD}\s+(?=#?[A-Z]*-?\d)", "", part.strip())
        match = re.fullmatch(rf"({ONE}){_TO}(?:{_WORD}\s+)?({ONE})", bare)
        if match is None:
            return None
        first, last = self.one(match[1]), self.one(match[2])
        if last is None and (stem := re.match(r"(.*?)\d+$", match[1])):  # `T001-4`, `1.1-3`
            width = len(match[1]) - len(stem[1])
            last = self.one(stem[1] + match[2].zfill(width)) or self.one(stem[1] + match[2])
        if first is None or last is None or self.place[first] > self.place[last]:
            return None
        return [unit.id for unit in self.units[self.place[first] : self.place[last] + 1]]

    def _all(self, part: str, by: str) -> list[str] | None:
        """List all units, or all of a group, that the unit may wait for: what itself waits for it is left out."""
        members = self._members(part, by)
        if members is None and (re.search(r"\d", part) or _OTHER_THINGS.search(part)):
            return None
        own = self.group_of.get(by)
        if (
            members is None
            and _BEFORE.search(part)
            and by in self.place
            and not re.search(r"\bgroup|wave|phase|epic", part, re.I)
        ):
            members = [unit.id for unit in self.units[: self.place[by]]]
        elif members is None and own is not None and _BEFORE.search(part):
            members = [u.id for group in self.groups[: self.groups.index(own)] for u in group.units]
        elif members is None and len(part.split()) <= 4:
            members = [unit.id for unit in self.units]
        return None if members is None else [i for i in members if i != by and not self.waits(i, by)]

    def _members(self, part: str, by: str) -> list[str] | None:
        """List the units of the group that a text names: `Epic 2 stories`, `Wave 1`, `Phase 2`; none of its own."""
        for match in _GROUP.finditer(part):
            word = "wave" if match[1] == "W" else match[1].lower()
            for group in self.groups:
                if group.word.lower() == word and str(int(match[2])) == (group.label.lstrip("0") or "0"):
                    return [unit.id for unit in group.units if unit.id != by]
        lowered = part.lower().strip()
        for group in self.groups:
            if not group.label.isdecimal() and group.label.lower() == lowered:  # `E1` above `E1-S1`
                return [unit.id for unit in group.units if unit.id != by]
        for group in self.groups:
            if group.title and lowered in (group.title.lower(), f"{group.title.lower()} phase"):
                return [unit.id for unit in group.units if unit.id != by]
        return None

    def listed(self, text: str) -> list[str]:
        """List the units of a text that lists nothing but units, with their titles or without; else nothing."""
        out: list[str] = []
        for part in BETWEEN.split(re.sub(r"\s*\([^()]*\)", "", text).strip(" .")):
            begins = re.match(rf"\W{{0,3}}({ONE})(?!\w)", part)
            tokens = re.findall(rf"(?<![\w./#-]){ONE}(?![\w/]|\.\d|-\w)", part)
            unit = self.one(part)
            if unit is None and begins is not None and not begins[1].isdecimal() and len(tokens) == 1:
                unit = self.one(begins[1])
            several = [unit] if unit is not None else self.span(part)
            if not several:
                return []
            out += several
        return out

    def story(self, text: str) -> list[str]:
        """List the units that are marked with the user story which a text alone names: `US3`."""
        match = _STORY.fullmatch(text)
        return [unit.id for unit in self.units if match is not None and unit.story == match[1]]

    def waits(self, unit: str, by: str) -> bool:
        """Say whether `unit` needs `by`, itself or by others, as far as it is read already."""
        return reaches({u.id: [n.value for n in u.needs] for u in self.units}, unit, by)
