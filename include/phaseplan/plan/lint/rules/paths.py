"""Check path patterns (gitignore syntax, relative to the root) and regular expressions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View


def patterns(view: View) -> Iterator[tuple[Path, str]]:
    """List every path pattern of a plan."""
    plan = view.plan
    yield from ((path, text) for path, _, text in view.items("owns"))
    yield from ((("gates", "scratch_files", i), text) for i, text in enumerate(plan.gates.scratch_files))
    yield from ((("gates", "required", i, "files"), entry.files) for i, entry in enumerate(plan.gates.required))
    for i, entry in enumerate(plan.generated_files):
        yield from ((("generated_files", i, "paths", j), text) for j, text in enumerate(entry.paths))


def files(view: View) -> Iterator[tuple[Path, str]]:
    """List every path that names one file."""
    yield from ((("shared_files", i, "path"), entry.path) for i, entry in enumerate(view.plan.shared_files))
    if view.plan.conventions is not None:
        yield ("conventions",), view.plan.conventions


def fault(pattern: str) -> str | None:
    """Return why a pattern matches nothing or cannot be read; None if it is right."""
    body = pattern.removeprefix("!")
    if not body.strip() or not body.strip("/"):
        return "is empty"
    if pattern != pattern.strip():
        return "has spaces around it, which git partly ignores"
    if pattern.startswith("#"):
        return "is a comment in gitignore syntax; write `\\#`"
    if "\n" in pattern or "\r" in pattern:
        return "holds more than one line"
    if "//" in body:
        return "has an empty part between two slashes"
    return next((why for part in body.split("/") if (why := _part_fault(part))), None)


def valid_patterns(view: View) -> Iterator[Finding]:
    """PP501: report a pattern that is not gitignore syntax."""
    for path, text in patterns(view):
        why = fault(text)
        if why:
            yield Finding("PP501", path, f"the pattern {text!r} {why}", "patterns are gitignore syntax from the root")
    for path, text in files(view):
        if not text.strip() or text.endswith("/"):
            yield Finding("PP501", path, f"{text!r} does not name a file", "write one path, relative to the root")


def inside_repository(view: View) -> Iterator[Finding]:
    """PP502: report a path that leaves the repository; a leading slash is allowed in patterns, not in files."""
    for path, text in patterns(view):
        if why := _outside(text.removeprefix("!").removeprefix("/")):
            yield Finding("PP502", path, f"{text!r} {why}", "patterns are relative to the repository's root")
    for path, text in files(view):
        if why := ("is absolute" if text.startswith("/") else _outside(text)):
            yield Finding("PP502", path, f"{text!r} {why}", "write it relative to the repository's root")


def valid_regexes(view: View) -> Iterator[Finding]:
    """PP507: report a regular expression that does not compile."""
    for i, entry in enumerate(view.plan.gates.required):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a pattern that will mean something else in some later Python
                re.compile(entry.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            message = f"the regular expression does not compile: {error}"
            yield Finding(
                "PP507", ("gates", "required", i, "pattern"), message, "single quotes keep YAML off backslashes"
            )


def _outside(text: str) -> str | None:
    parts = text.split("/")
    if ".." in parts:
        return "leaves the repository through `..`"
    if parts[0].startswith("~") or re.match(r"[A-Za-z]:[/\\]", text):
        return "is a path of one machine"
    return "is inside git's own directory" if parts[0].lower() == ".git" else None


def _part_fault(part: str) -> str | None:
    """Return why git never matches one part of a pattern: a lone backslash, an unclosed or backward `[...]`."""
    i = 0
    while i < len(part):
        if part[i] == "\\":
            if i + 1 == len(part):
                return "has a lone backslash at the end of a part"
            i += 1
        elif part[i] == "[":
            close = part.find("]", i + 2 + (part[i + 1 : i + 2] in ("!", "^")))
            if close < 0:
                return "has a `[` that is never closed"
            if any(low > high for low, high in re.findall(r"(.)-(.)", part[i + 1 : close])):
                return f"has a range that runs backwards, {part[i : close + 1]}"
            i = close
        i += 1
    return None
