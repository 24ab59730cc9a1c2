"""Check gate commands: each begins with a fresh checkout, so one that only asks what has changed is always green."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View

_DIFF = r"git (?:-C \S+ )?diff(?:-files)?(?= .*(?:--exit-code|--quiet))(?: -\S+)*(?: HEAD)?(?: --(?: \S+)*)?"
_STATUS = r"""(?:test|\[) -z "?\$\(git status [^)]*\)"?(?: \])?|! git status [^|]*\| ?grep .*"""
_ASKS_WHAT_CHANGED = re.compile(f"(?:{_DIFF}|{_STATUS})")


def sees_changes(view: View) -> Iterator[Finding]:
    """PP706: report a gate command that can only find a clean checkout."""
    for path, command in _commands(view):
        if _ASKS_WHAT_CHANGED.fullmatch(" ".join(command.split())):
            message = f"`{command}` cannot fail: each command begins with a fresh checkout"
            yield Finding("PP706", path, message, f"join it with what makes the change: `<command> && {command}`")


def _commands(view: View) -> Iterator[tuple[Path, str]]:
    for number, command in enumerate(view.plan.gates.commands):
        yield ("gates", "commands", number), command
    for i, wave in enumerate(view.plan.waves):
        for number, command in enumerate(wave.validation):
            yield ("waves", i, "validate", number), command
