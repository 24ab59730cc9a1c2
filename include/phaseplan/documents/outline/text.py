"""Read small pieces of a document's text: words without markup, paths, git names, sizes, times."""

from __future__ import annotations

import re
from functools import lru_cache

from phaseplan.documents.importing.spans import spans
from phaseplan.documents.importing.words import REMEMBERED, clean, names
from phaseplan.plan.spans import Span

_CODE = re.compile(r"(`+)(.+?)\1")
_ENDED = r"\.?[\w@*+-]+(?:\.[\w@*+-]+)*\.[A-Za-z][A-Za-z0-9]{0,9}"
_PATH = re.compile(
    rf"(?<![\w/.:@\\-])(?:\./)?((?:/?(?:[\w.@*()\[\]+-]+/)+(?:{_ENDED}|\*{{1,2}}|\.\w[\w.-]*)?)|(?:{_ENDED}))(?![\w/])"
)
_KNOWN_FILE = re.compile(
    r"\.?[\w.@*+-]+\.(?:py|tsx?|jsx?|mjs|go|rs|java|kt|rb|php|c|h|cc|cpp|hpp|cs|swift|md|mdx|ya?ml|json|toml|sql|proto|sh|"
    r"html?|s?css|vue|svelte|tf|lock|cfg|ini|txt|env|xml|gradle|prisma|graphql|ipynb|csv)|"
    r"(?:Makefile|Dockerfile|Cargo\.toml|go\.(?:mod|sum)|\.[a-z][\w.-]+)",
)
_LOOSE = re.compile(
    r"(?<![\w:/.@-])(?:\./)?(/?(?:(?:[\w.@*{}?\[\]!-]+/)+[\w.@*{},?\[\]-]*|(?:Makefile|Dockerfile)(?![\w"
    r".])|[\w*-]+\.(?:go|py|ts|js|rs|ya?ml|json|md|toml|mod|sum|java|proto|sh)))(?![\w/])"
)
_READ = re.compile(
    r"\b(?:based on|according to|(?:as|like) (?:(?:described|defined|specified|shown|done) )?(?:in|by)|schema from|per|"
    r"see|like|similar to|same as|following|mirror(?:s|ing)?|the fix (?:in|of))\s+(?:the )?"
    r"[`\[]*[\w@./-]+[`\]]*(?:\([^()\s]*\))?(?:\s*(?:,|&|and|or)\s*[`\[]*[\w@-]*[./][\w@./-]+[`\]]*)*",
    re.IGNORECASE,
)
#: Each match of it holds one of these.
_READING = ("based on", "according to", "as ", "same as", "like", "schema from", "per", "see", "similar to",
            "following", "mirror", "the fix")  # fmt: skip
_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_ROUTE = re.compile(rf"\b(?:{'|'.join(_VERBS)})\s+`?/[^\s`]*`?")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\(([^()\s]*)\)")  # its words are the path, not where they lead
_OPENING_LINK = re.compile(r"^\[(#?[\w.-]+)\]\([^()\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+|\b[\w.-]+@[\w.-]+", re.IGNORECASE)
_SUFFIX = re.compile(r":\d+(?:[-:,]\d+)*$|#L\d+(?:-L?\d+)?$")
#: Words for lines of code behind their number.
LINES = r"(?:lines|loc\b|zeilen|lignes|l[i\u00ed]neas|linhas|righe|regels|\u0441\u0442\u0440\u043e\u043a|\u884c|\uc904)"
_SIZE = re.compile(rf"(\d[\d,.]{{0,8}})\s*{LINES}", re.I)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,80}(?:/[\w.-]{1,100}){0,6}")

plain = clean  # a text's own words
git_names = names  # texts like `feature/x`


def paths(text: str) -> list[str]:
    """List the paths in a text: whole in code, and outside of it what ends like a file or a folder."""
    return [path for path in _parts(text, _PATH) if is_path(path)]


def changed_paths(text: str) -> list[str]:
    """List the paths of a task's text, without those that it only reads (`based on spec.md`), and without routes."""
    lowered = text.lower()
    text = _READ.sub(" ", text) if any(word in lowered for word in _READING) else text
    return paths(_ROUTE.sub(" ", text) if any(verb in text for verb in _VERBS) else text)


@lru_cache(maxsize=REMEMBERED)
def any_paths(text: str) -> tuple[str, ...]:
    """List the paths in a text that speaks of paths: whatever has a slash is one."""
    return tuple(path for path in _parts(text, _LOOSE) if is_path(path) or _slashed(path))


def _parts(text: str, pattern: re.Pattern[str]) -> dict[str, None]:
    text = _TAG.sub(" ", text) if "<" in text else text
    text = _LINK.sub(r" \1 ", text) if "](" in text else text
    code = [_SUFFIX.sub("", match[2].strip()) for match in _CODE.finditer(text)]
    rest = _CODE.sub(" ", text) if code else text
    rest = _URL.sub(" ", rest) if "://" in rest or "@" in rest else rest
    files = "Makefile" in rest or "Dockerfile" in rest
    words = [word for word in rest.split() if "/" in word or "." in word or (files and "file" in word)]
    bare = [match[1].rstrip(".,;)") for word in words for match in pattern.finditer(word)]
    own = set(names(text)) if "/" in text else set()
    listed = (word for one in (*code, *bare) for word in _words(one))
    return {path: None for word in listed for path in _braces(_unbold(word)) if path not in own}


def _words(code: str) -> list[str]:
    """Split code into the paths that it lists; a name with spaces and a command are no list."""
    words = re.split(r"[\s,]+(?![^{]*\})", code) if " " in code or "," in code else [code]
    listed = len(words) == 1 or "," in code or all(is_path(word) or _slashed(word) for word in words)
    return words if listed else []


def _slashed(path: str) -> bool:
    parts = [part for part in path.split("/") if part]
    if "/" not in path or all(part.isdigit() for part in parts):
        return False
    return path.lower() not in ("and/or", "n/a", "i/o", "ci/cd", "yes/no") and bool(_NAME.fullmatch(path.strip("/*")))


def _braces(path: str) -> list[str]:
    """Write `x/{a,b}.go` as two paths: gitignore has no braces."""
    match = re.fullmatch(r"([^{}]*)\{([^{}]*,[^{}]*)\}([^{}]*)", path) if "{" in path else None
    return [match[1] + part + match[3] for part in match[2].split(",")] if match else [path]


def _unbold(path: str) -> str:
    """Remove bold marks (`**pkg/a/**` is `pkg/a/` in bold), and the brackets of a list."""
    path = path.removeprefix("./")
    path = re.sub(r"^\*\*(?=\w)(.*?)(?:\*\*)?$", r"\1", path) if path.startswith("**") else path
    if path.startswith("[") and ("]" not in path or path.endswith("]")):
        path = path[1:]
    return path[:-1] if path.endswith("]") and "[" not in path else path


def unbold(text: str) -> str:
    """Remove the bold marks or the link that a text begins with: `**1. Quay** (south)`, `[#12](...) Quay`."""
    return _OPENING_LINK.sub(r"\1", re.sub(r"^\*\*(.+?)\*\*", r"\1", text))


def is_path(text: str) -> bool:
    """Say whether a text alone is a path: a folder with a slash at its end, or a file."""
    if not text or len(text) > 200 or re.search(r"[\s<>|\"'`=;$,]|://|^-|\.\.", text) or text.strip("./*") == "":
        return False
    last = text.rsplit("/", 1)[-1]
    if "/" in text:
        return last in ("", "*", "**") or bool(_KNOWN_FILE.fullmatch(last) or re.fullmatch(_ENDED, last))
    return _KNOWN_FILE.fullmatch(text) is not None and not re.fullmatch(r"\d+(?:\.\w+)*", text)


def cell_paths(cell: str) -> list[str] | None:
    """List the paths of a cell that holds nothing else; None if it holds something else."""
    parts = [part.strip().strip("`").strip() for part in re.split(r"[,;]|<br\s*/?>|\s\+\s|\s&\s|\s+", cell)]
    parts = [_SUFFIX.sub("", part).removeprefix("./") for part in parts if part and part.lower() not in ("and", "und")]
    sure = all(is_path(part) or ("/" in part and _NAME.fullmatch(part)) for part in parts)
    return parts if parts and sure else None


def git_name(text: str) -> str | None:
    """Return the git name that a text after `Branch:` is; None if it is none."""
    code = _CODE.search(text)
    bare = (code[2] if code else plain(text)).strip(" .,;")
    if re.search(r"[<>{}$\s]", bare) or not _NAME.fullmatch(bare) or bare.isdecimal():
        return None
    return bare if code or "/" in bare or "-" in bare else None


def size(text: str) -> int | None:
    """Return the lines that a text estimates; None if it estimates none."""
    match = _SIZE.search(text)
    return int(re.sub(r"\D", "", match[1])) if match and re.search(r"\d", match[1]) else None


def planned(text: str) -> Span | None:
    """Return the time that is planned: the first one, whatever was measured afterwards stands behind it."""
    times = spans(text)
    return times[0] if times else None
