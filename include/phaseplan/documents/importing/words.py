"""Read small parts of text: text without markup, ids and ranges of ids, git names, numbers."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}\)")
_STRUCK = re.compile(r"~~[^~\n]{1,300}~~")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\]|<sup>[^<]{0,20}</sup>|[\u00b9\u00b2\u00b3\u2070-\u2079\u2020\u2021]")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_MARK = re.compile(r"\*{1,3}(?=[^\s*/.])([^*\n]{0,400})(?<=[^\s*/])\*{1,3}(?![\w*])")
_BARE_UNDERLINE = re.compile(r"(?<!\w)_{1,2}([^_\n]{1,300})_{1,2}(?!\w)")
_TICKS = re.compile(r"`+")
_BOX = re.compile(r"^\s*\[[ xX]\]\s+")
_ESCAPE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|\\([!-/:-@\[-`{-~])", re.DOTALL)
_INNER = re.compile(r"[*_](?=[*_\w])|<(?=/?[A-Za-z])")  # what would be markup outside of code
_SIMPLE = re.compile(r"(?:[!-%'-)+-;=-Z\]^a-z{-}]+(?: [!-%'-)+-;=-Z\]^a-z{-}]+)*)?")  # no markup, single spaces
_ESCAPED = re.compile("[\ue021-\ue07e]")  # a character that was escaped, kept from being markup
_LINE_BREAKS = re.compile(r"[\x85\u2028\u2029]")

#: What is removed, in this order, where a text has the sign of it.
_MARKUP = (
    ("[^", _FOOTNOTE, ""),
    ("<sup>", _FOOTNOTE, ""),
    ("](", _LINK, r"\1"),
    ("<", _BREAK, ", "),
    ("<", _TAG, ""),
    ("`", _TICKS, ""),
    ("*", _MARK, r"\1"),
    ("*", _MARK, r"\1"),
    ("_", _BARE_UNDERLINE, r"\1"),
    ("[", _BOX, ""),
)
_ARROWS_AND_TICKS = "\u2192\u2190\u2194\u21d2\u27f6\u2713\u2714\u2705\u274c\u2717\u2715\u25cf\u25cb\u2b24"
REMEMBERED = 8192  # texts: a document is read many times, line by line
_ID = re.compile(r"(?<![\w./-])(\d{1,3})\.(\d{1,3})\.(\d{1,3}[a-zA-Z]?|[xX*])(?![\w/]|\.\d)")
_RANGE = re.compile(
    r"(?<![\w./-])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\s?(?:-|\u2013|\u2014|\.\.\.?|\bto\b|\bthrough\b)\s?"
    r"(?:(\d{1,3})\.(\d{1,3})\.)?(\d{1,3})(?![\w/]|\.\d|\s*(?:lines|loc|hours|h\b))",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?<![\w./-])(\d{1,3})\.(\d{1,3})\.(\d{1,3})((?:/\d{1,2})+)(?![\w./])")
_NAME = re.compile(
    r"(?<![\w./@-])(?:(?:refs/(?:remotes|heads)/)?(?:origin|upstream)/)?"
    r"((?:feature|feat|features|fix|bugfix|hotfix|chore|refactor|task|topic|release|user|"
    r"users|dev|wip|agent|docs?|test)/"
    r"[A-Za-z0-9][\w./-]{0,150}[A-Za-z0-9](?![\w/]|[-/]?[<*{$\u2026])|(?:[A-Za-z0-9][\w.-]{0,60}/){0,5}p\d{1,3}w\d{1,"
    r"3}[-_/][A-Za-z0-9][\w./-]{0,120})"
)
_PLACEHOLDER = re.compile(
    r"p[\dXNx]{1,3}w[XNx](?![a-z])|p[XN]w|branch-?name|[<>{}$]|(?:^|[/-])(?:problematic|"
    r"example|your|my|some|name|xxx+)(?:-|$)"
)
_ENDING = re.compile(r"\.(?:go|py|ts|tsx|js|md|ya?ml|json|sh|txt|rs|java|toml|proto|sql|css|html|log|c|h)$")
_BETWEEN = re.compile(r"[,&/+;]|\b(?:and|or|und|y|et)\b", re.IGNORECASE)
_SLUG = re.compile(r"p(\d{1,3})w(\d{1,3})[-_/]")


@lru_cache(maxsize=REMEMBERED)
def clean(text: str) -> str:
    """Remove Markdown's marks, HTML, footnotes, emoji, and struck text; return one line. Code keeps what is in it."""
    if _SIMPLE.fullmatch(text):
        return text
    text = text if text.isascii() else _LINE_BREAKS.sub(" ", _ESCAPED.sub("", text))
    if "`" in text or "\\" in text:
        text = _ESCAPE.sub(lambda m: _kept(m[2]) if m[2] else _INNER.sub(lambda c: _kept(c[0]), m[0]), text)
    text = html.unescape(text)
    text = _STRUCK.sub("", text) if "~~" in text else text
    text = text if text.isascii() else _FOOTNOTE.sub("", text)
    for sign, pattern, new in _MARKUP:
        if sign in text:
            text = pattern.sub(new, text)
    if not text.isascii():
        text = _ESCAPED.sub(lambda match: chr(ord(match[0]) - 0xE000), text)
        text = "".join(c for c in text if c in _ARROWS_AND_TICKS or not _symbol(c))
    return re.sub(r"\s+", " ", text).strip().lstrip("|").strip()


def _kept(c: str) -> str:
    """Return a character so that it is no markup."""
    return chr(0xE000 + ord(c))


def _symbol(c: str) -> bool:
    """Say whether a character is an emoji or belongs to one."""
    return c > "\u00ff" and (unicodedata.category(c) in ("So", "Sk", "Cf", "Co", "Cs") or "\ufe00" <= c <= "\ufe0f")


def ids(text: str, known_ids: tuple[str, ...] = ()) -> list[str]:
    """List branch ids in their order, with ranges (`7.2.1-3`) and wildcards among `known` (`7.2.x`) written out."""
    return list(_ids(text, known_ids if "x" in text or "X" in text or "*" in text else ()))


@lru_cache(maxsize=REMEMBERED)
def _ids(text: str, known_ids: tuple[str, ...]) -> tuple[str, ...]:
    positions: list[tuple[int, list[str]]] = []
    spans: list[tuple[int, int]] = []
    for match in _RANGE.finditer(text):
        a, b, low, c, d, high = match.groups()
        whole = (c or a, d or b) == (a, b) and 0 < int(high) - int(low) <= 40
        if whole:
            positions.append((match.start(), [f"{a}.{b}.{n}" for n in range(int(low), int(high) + 1)]))
            spans.append(match.span())
    for match in _SLASHED.finditer(text):
        if not _inside(match.start(), spans):
            more = re.findall(r"\d+", match[4])
            positions.append((match.start(), [f"{match[1]}.{match[2]}.{n}" for n in (match[3], *more)]))
            spans.append(match.span())
    for match in _ID.finditer(text):
        if not _inside(match.start(), spans):
            a, b, c = match.groups()
            wild = [k for k in known_ids if k.startswith(f"{a}.{b}.")] if c in "xX*" else [f"{a}.{b}.{c.lower()}"]
            positions.append((match.start(), wild))
    return tuple(dict.fromkeys(i for _, several in sorted(positions) for i in several))


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(low <= at < high for low, high in spans)


def names(text: str) -> list[str]:
    """List git names of branches, in order, without placeholders, file names and remotes."""
    return list(_names(text))


@lru_cache(maxsize=REMEMBERED)
def _names(text: str) -> tuple[str, ...]:
    bare = _STRUCK.sub(" ", text) if "~~" in text else text
    words = (word for word in bare.replace("`", " ").split() if "/" in word or ("p" in word and "w" in word))
    candidates = (match[1] for word in words for match in _NAME.finditer(word))
    return tuple(dict.fromkeys(n for n in candidates if not _PLACEHOLDER.search(n) and not _ENDING.search(n)))


def is_placeholder(name: str) -> bool:
    """Say whether a git name only shows the form of names."""
    return _PLACEHOLDER.search(name) is not None


def slug(name: str) -> tuple[int | None, int | None, str]:
    """Split `feature/x/p6w3-webhooks` into phase 6, wave 3, `webhooks`."""
    last = name.rsplit("/", 1)[-1]
    match = _SLUG.search(name)
    if match is None:
        return None, None, last
    return int(match[1]), int(match[2]), name[match.end() :]


def numbers(text: str) -> list[int]:
    """List whole numbers, `1,650` and `1.2k` included."""
    out: list[int] = []
    for match in re.finditer(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d))?(k\b)?", text, re.IGNORECASE):
        value = int(match[1].replace(",", ""))
        out.append(value * 1000 + int(match[2] or 0) * 100 if match[3] else value)
    return out


def spelt_out(text: str) -> list[int]:
    """List the numbers of `1, 2 and 4-6`, ranges of up to fifty with all that lies in them."""
    out: list[int] = []
    for part in _BETWEEN.split(text):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        out += range(ends[0], ends[1] + 1) if len(ends) == 2 and 0 < ends[1] - ends[0] <= 50 else ends
    return list(dict.fromkeys(out))


def line_counts(text: str) -> tuple[int, ...]:
    """Return the estimates in a cell: one, both of `750→800`, or the upper one of `500-600`."""
    text = ids_out(text)
    if re.search(r"\u2192|->|=>|\u21d2|\u27f6", text):
        return tuple(numbers(text)[:2])
    span = re.search(r"(\d[\d,]*)\s*(?:-|\u2013|to)\s*(\d[\d,]*)", text)
    if span:
        return tuple(numbers(span[2])[:1])
    return tuple(numbers(text)[:1])


def ids_out(text: str) -> str:
    """Remove branch ids from a text."""
    return _ID.sub(" ", _RANGE.sub(" ", text))


def in_order(branch: str) -> tuple[tuple[int, str], ...]:
    """Return what ids are sorted by: their numbers, then their letters."""
    return tuple((int("".join(c for c in part if c.isdigit()) or 0), part) for part in branch.split("."))
