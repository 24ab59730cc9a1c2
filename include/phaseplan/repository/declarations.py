"""Find the public declarations in what a dependency added, for the brief of the branch that builds on them.

One pattern a language: it finds what stands at the beginning of a line, as declarations of formatted code do. Parsers
for all these languages would be exact, and hundreds of megabytes on every worker. A line that is missed is still in
the agent's checkout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from phaseplan.repository.objects import changes
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import contents
from phaseplan.text.clean import clean

_MOST = 40  # declarations of one dependency; a brief of ten dependencies stays shorter than a model's attention
_WIDTH = 160  # characters of one declaration
_FILES_READ = 200  # files of one dependency
_READ = 1 << 16  # bytes of a file: 26 MB for all files of a dependency, however large an agent made them
_FILES = ("100644", "100755")
_TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)s?\.\w+$|(?:Test|Tests)\.\w+$")

_JAVA = r"\s*public\s"
_SCRIPT = r"export\s"
_HEADER = r"(?:\w[\w\s*&:<>,]*\([^;{]*\)\s*;|(?:typedef|struct|enum|class|namespace|#define)\s+\w)"
_BY_SUFFIX: Mapping[str, str] = {
    "go": r"(?:func (?:\([^)]*\) )?[A-Z]|type [A-Z]|(?:const|var) [A-Z])",
    "py": r"(?:(?:async )?def|class) [A-Za-z]|    (?:async )?def [A-Za-z]",
    "rs": r"\s*pub (?:async |unsafe |const )*(?:fn|struct|enum|trait|mod|type|static|use|const)\b",
    "rb": r"\s*(?:def|class|module) [A-Za-z]",
    "php": r"\s*(?:public |abstract |final )*(?:function|class|interface|trait) \w",
    "swift": r"\s*(?:public|open) ",
    "ex": r"\s*(?:def|defmodule|defmacro) ",
    "proto": r"\s*(?:message|service|rpc|enum) \w",
    "graphql": r"(?:type|input|enum|interface|union|scalar|extend) \w",
    "sql": r"(?i:create (?:or replace )?(?:table|view|function|type|index|procedure))\b",
    **dict.fromkeys(("ts", "tsx", "js", "jsx", "mjs", "mts"), _SCRIPT),
    **dict.fromkeys(("java", "cs", "scala"), _JAVA),
    "kt": r"\s*(?:public |open |abstract |data |sealed |suspend |override )*(?:fun|class|interface|object) \w",
    **dict.fromkeys(("h", "hh", "hpp", "hxx"), _HEADER),
}
_PATTERNS = {suffix: re.compile(pattern) for suffix, pattern in _BY_SUFFIX.items()}


def declarations(repo: GitRepo, base: str, commit: str) -> dict[str, list[str]]:
    """List the public declarations that a commit added to `base`, by path: at most 40, each cut at 160 characters."""
    known = {
        path: (old[1] if old[0] in _FILES else None, new[1])
        for path, (old, new) in changes(repo, [(base, commit)])[0].items()
        if new[0] in _FILES and path.rpartition(".")[2] in _PATTERNS and not _TESTS.search(path)
    }
    files = dict(sorted(known.items())[:_FILES_READ])
    texts = _texts(repo, [blob for pair in files.values() for blob in pair if blob])
    found: dict[str, list[str]] = {}
    left = _MOST
    for path, (old, new) in files.items():
        pattern = _PATTERNS[path.rpartition(".")[2]]
        before = set(texts[old]) if old else set[str]()
        lines = [_shown(line) for line in texts[new] if line not in before and pattern.match(line)][:left]
        if lines:
            found[path] = lines
            left -= len(lines)
    return found


def _texts(repo: GitRepo, blobs: Sequence[str]) -> dict[str, list[str]]:
    """Read the beginnings of files, in lines. One git process."""
    texts: dict[str, list[str]] = {}
    for blob, _, pieces in contents(repo, dict.fromkeys(blobs)):
        data = b""
        for piece in pieces:  # to the end, whatever is kept of it
            data += piece[: max(0, _READ - len(data))]
        texts[blob] = data.decode("utf-8", "replace").split("\n")
    return texts


def _shown(text: str) -> str:
    short = clean(text[: 4 * _WIDTH].replace("\t", "    ")).strip().removesuffix("{").rstrip()
    return short if len(short) <= _WIDTH else f"{short[: _WIDTH - 3]}..."
