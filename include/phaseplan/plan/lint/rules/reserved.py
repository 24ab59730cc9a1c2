"""Check for git names that read as something else: another ref, another phase's integration branch, an id."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.gitnames import reserved
from phaseplan.plan.lint.rules.view import View

_PREFIXES = {
    "refs": "the full name of a ref, as `refs/heads/x` is of the branch `x`",
    "heads": "the short way to write another branch, `heads/x` for `x`",
    "tags": "the short way to write a tag",
    "remotes": "the short way to write a branch of another repository",
    "phaseplan": "kept for Phaseplan's own records",
}
_INTEGRATION = re.compile(r"integration/phase-\d+(/.*)?", re.ASCII | re.DOTALL)
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PSEUDO = re.compile(r"[A-Z]+_HEAD")  # FETCH_HEAD, ORIG_HEAD
_JOINED = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")  # in a script or an emoji that needs them


def why_reserved(name: str) -> str | None:
    """Return what git would take a name for, if not for a branch; else None."""
    lower = name.lower()  # a disk that ignores case, ignores it here too
    first = lower.partition("/")[0]
    if "/" in name and first in _PREFIXES:
        return _PREFIXES[first]
    if lower == "phaseplan":
        return _PREFIXES["phaseplan"]
    if _INTEGRATION.fullmatch(lower):
        return "where a phase's integrated work goes"
    if _OBJECT.fullmatch(lower):
        return "the id of an object"
    return "a name git itself writes to" if _PSEUDO.fullmatch(name) else None


def not_another_name(view: View) -> Iterator[Finding]:
    """PP309: report names that read as another ref; names of this plan itself have PP305 and PP307."""
    own = [*reserved(view)]
    for path, branch in view.places:
        why = why_reserved(branch.branch)
        if why and not any(f"{branch.branch}/".startswith(f"{name}/") for name in own):
            message = f"{branch.branch} is {why}"
            yield Finding("PP309", (*path, "branch"), message, "choose another name, for example feature/...")
        elif (unseen := _unseen(branch.branch)) is not None:
            message = f"{branch.branch!a} holds U+{ord(unseen):04X}, which nobody sees: it looks like another name"
            yield Finding("PP309", (*path, "branch"), message, "write the name anew, without it")


def _unseen(name: str) -> str | None:
    """Return the first character that shows as nothing, as a blank, or as a change of direction."""
    unseen = (c for c in _JOINED.sub("", name) if unicodedata.category(c) in ("Cf", "Zs", "Zl", "Zp"))
    return next((c for c in unseen if c != " "), None)  # a blank is git's own refusal
