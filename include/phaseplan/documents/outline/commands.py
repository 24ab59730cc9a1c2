"""Say whether a command is a gate: one that can fail, and does so when something is wrong."""

from __future__ import annotations

import re

_BAD = re.compile(  # as a word of its own: `hideSecret` and `aria-invalid` are names that ought to be there
    r"(?<![\w-])(?:circular|cycl(?:e|ic)s?|errors?|fail(?:s|ed|ures?)?|panics?|todo|fixme|conflicts?|warn(?:s|ings?)?|unused|"
    r"vulnerab\w*|forbidden|races?|deprecated|missing|broken|leak(?:s|ed)?|invalid|secrets?|passwords?)(?![\w-])|<<<",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?<![\w/])(?:[\w.-]+/)*[\w-]+\.(?!\.)\w{1,6}\s*$")
_GREP = re.compile(r"\s*(?:e|f|z|r)?grep\b(?P<rest>.*)", re.DOTALL)
_IDLE = re.compile(
    r"(?:git (?:status|log|branch|show)|git diff(?!.*(?:--exit-code|--quiet|--check))|ls|cat|pwd|true|find|tree|wc)\b",
    re.IGNORECASE,
)


def inverted(command: str) -> bool:
    """Say whether a command succeeds exactly when it finds something bad."""
    if re.search(r"&&|\|\||^\s*!|\bif\b", command):
        return False
    match = _GREP.fullmatch(re.split(r"(?<!\|)\|(?!\|)", command)[-1])
    if match is None or re.search(r"(?:^|\s)(?:-\w*[vL]\w*|--invert-match|--files-without-match)\b", match["rest"]):
        return False
    asks_one_file = _FILE.search(match["rest"]) and not re.search(r"TODO|FIXME|<<<", match["rest"], re.IGNORECASE)
    return _BAD.search(match["rest"]) is not None and not asks_one_file


def fault(command: str) -> str | None:
    """Return why a command is no gate; None if it may be one."""
    if inverted(command):
        return "passes when it finds what should not be there, and fails when it finds nothing"
    if re.search(r"(?:\|\||;)\s*(?:true|:|echo\b.*)\s*$", command):
        return "passes whatever comes before its last command"
    return "passes whatever it finds" if _IDLE.match(command) and not re.search(r"\||&&", command) else None
