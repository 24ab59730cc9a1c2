"""Check the patterns that must occur in a branch's new files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from phaseplan.errors import InputFault
from phaseplan.ledger.records import Finding
from phaseplan.plan.model import PhasePlan, Required
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import Change, shown
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import contents

_FILES = ("100", "120")  # modes of files and of symbolic links, of which only the target is searched
_FILE = 1 << 20  # bytes of a file that are searched
_ALL = 64 << 20  # bytes of all files of one judgement
_PATIENCE = 20  # seconds for all patterns together


def required(repo: GitRepo, plan: PhasePlan, changed: Sequence[Change]) -> list[Finding]:
    """Find new files that lack a pattern which the plan requires."""
    new = [c for c in changed if _new(c) and not matches(plan.generated, c.path)]
    searches = [(c, rule) for c in new for rule in plan.gates.required if matches((rule.files,), c.path)]
    if not searches:
        return []
    texts = _texts(repo, [c.new_id for c, _ in searches])
    answers = _search([(rule.pattern, texts[c.new_id]) for c, rule in searches])
    return [_finding(c, rule, answer) for (c, rule), answer in zip(searches, answers, strict=True) if answer != "1"]


def _new(change: Change) -> bool:
    """Say whether a path is a file now and was none before. A link counts: it leads to a file of another name."""
    return change.new_mode.startswith(_FILES) and not change.old_mode.startswith("100")


def _finding(change: Change, rule: Required, answer: str) -> Finding:
    because = f": {rule.why}" if rule.why else ""
    if answer == "0":
        message = f"a new file here must contain {rule.pattern!r}{because}"
    else:
        limit = f"took more than {_PATIENCE} s and was given up"
        message = f"searching for {rule.pattern!r} {limit}{because}; simplify the pattern"
    return Finding(gate="required", file=shown(change.path), message=message)


def _texts(repo: GitRepo, ids: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    room = _ALL
    for oid, _, pieces in contents(repo, dict.fromkeys(ids)):
        content = b""
        for piece in pieces:
            content = content + piece[: min(_FILE, room) - len(content)] if len(content) < min(_FILE, room) else content
        room -= len(content)
        out[oid] = content.decode("utf-8", "replace")
    return out


def _search(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Search each (pattern, text): `1` found, `0` not found, `?` not known in time."""
    program = Path(__file__).with_name("pattern_check.py")
    command = [sys.executable, "-I", "-S", str(program)]
    try:
        done = subprocess.run(command, input=json.dumps(pairs).encode(), capture_output=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired as late:
        answers = (late.stdout or b"").decode().split()
        return answers + ["?"] * (len(pairs) - len(answers))
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise InputFault(f"a pattern of gates.required cannot be used: {' '.join(last)}")
    return done.stdout.decode().split()
