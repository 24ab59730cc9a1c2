"""The agent: reads the task, builds the branch. Exit codes: 0 done, 75 blocked, 2 unknown task, 1 anything else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from kcpagent import work
from kcpagent.branches import BRANCHES
from kcpagent.model import Branch

DONE, FAILED, UNKNOWN, BLOCKED = 0, 1, 2, 75


def main() -> int:
    """Carry out the task that PHASEPLAN_TASK points at."""
    path = Path(os.environ.get("PHASEPLAN_TASK", "/phaseplan/task.json"))
    try:
        task = json.loads(path.read_text())
        branch_id = task["branch"]["id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"agent: cannot read the task {path}: {error}", file=sys.stderr)
        return UNKNOWN
    if branch_id not in BRANCHES:
        print(f"agent: knows no branch {branch_id!r}, only {', '.join(BRANCHES)}", file=sys.stderr)
        return UNKNOWN
    return _carry_out(BRANCHES[branch_id], task)


def _carry_out(branch: Branch, task: dict[str, Any]) -> int:
    label = task["branch"].get("agent_label") or "Agent"
    workspace = Path(task.get("workspace") or os.environ.get("PHASEPLAN_WORKSPACE") or "/workspace")
    _say(f"{label}: branch {branch.id} {task['branch'].get('title', '')}, attempt {task.get('attempt', 1)}")
    for finding in task.get("findings") or ():
        _say(f"the last attempt failed on: {finding.get('gate')}: {finding.get('message')}")
    try:
        owner = f"{label} (Wave {task['branch'].get('wave', branch.id.split('.')[1])})"
        paths = work.build(branch, workspace, owner, _say)
        _notes(branch, task, workspace, paths)
        work.commit(branch, workspace, label, _phase(branch, task), _say)
    except work.Blocked as reason:
        _say(f"BLOCKED: {label} - {reason}")
        return BLOCKED
    except work.Failed as reason:
        _say(f"FAILED: {reason}")
        return FAILED
    _say(f"done: {branch.subject}")
    return DONE


def _phase(branch: Branch, task: dict[str, Any]) -> object:
    """The phase the task is of; a task that does not say is of the phase its branch is numbered by."""
    return task.get("phase") or branch.id.split(".")[0]


def _notes(branch: Branch, task: dict[str, Any], workspace: Path, paths: list[str]) -> None:
    """Leave notes at the root, as agents do, where the plan says that such files are stripped."""
    if "/*.md" not in (task.get("gates") or {}).get("scratch_files", ()):
        return
    lines = [f"# Progress of {branch.id}", *(f"- [x] {path}" for path in paths), "- [x] make generate", "- [x] go test"]
    with (workspace / "PROGRESS.md").open("a") as notes:
        notes.write("\n".join(lines) + "\n")


def _say(line: str) -> None:
    print(line, flush=True)
