"""Write an agent's brief: `/phaseplan/task.json` for programs, `task.md` for language models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from phaseplan.ledger.records import Finding
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.repo import GitRepo
from phaseplan.text.clean import path_text


def task(
    plan: PhasePlan,
    branch: Branch,
    *,
    attempt: int,
    base: str,
    dependencies: Sequence[dict[str, Any]],
    conventions: str | None,
    predicted: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The task as a JSON value (version 1, docs/design/container.md)."""
    own = branch.model_dump(mode="json", include={"id", "branch", "title", "lines", "agent_label", "brief"})
    return {
        "version": 1,
        "phase": plan.phase,
        "title": plan.title,
        "branch": {
            **own,
            "wave": plan.wave_of[branch.id],
            "owns": list(branch.owns),
            "depends_on": list(branch.depends_on),
        },
        "attempt": attempt,
        "base": base,
        "workspace": "/workspace",
        "shared_files": [s.model_dump(mode="json") for s in plan.shared_with(branch.id)],
        "generated_files": [g.model_dump(mode="json") for g in plan.generated_files],
        "gates": plan.gates.model_dump(mode="json"),
        "conventions": conventions,
        "dependencies": list(dependencies),
        "predicted_conflicts": list(predicted),
        "findings": [f.model_dump(mode="json") for f in findings],
        "notes": list(notes),
    }


def interfaces(repo: GitRepo, plan: PhasePlan, heads: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What the dependencies hand over.

    :param heads: (branch id, its workspace base, its judged commit) each.
    """
    return [
        {
            "id": branch_id,
            "title": plan.by_id[branch_id].title,
            "branch": plan.by_id[branch_id].branch,
            "commit": commit,
            "paths": [path_text(path) for path in repo.changed_paths(base, commit)],
        }
        for branch_id, base, commit in heads
    ]


def conventions(repo: GitRepo, plan: PhasePlan, commit: str) -> str | None:
    """Text of the plan's conventions file in a commit: what the phase builds on, which no branch has written."""
    if plan.conventions is None:
        return None
    result = repo.run("cat-file", "blob", f"{commit}:{plan.conventions}", ok=(0, 128))
    return result.out if result.code == 0 else None


def documents(task: dict[str, Any], *, previous: bytes | None = None) -> dict[str, bytes]:
    """The files of /phaseplan; `previous.diff` is what the attempt that the findings are about had changed."""
    files = {"task.json": (json.dumps(task, indent=2) + "\n").encode(), "task.md": markdown(task).encode()}
    return files if previous is None else {**files, "previous.diff": previous}


def markdown(task: dict[str, Any]) -> str:
    """The brief in words."""
    branch, gates = task["branch"], task["gates"]
    parts = [
        f"# {branch['id']} {branch['title']}",
        f"Phase {task['phase']} ({task['title']}), wave {branch['wave']}, attempt {task['attempt']}. "
        f"Your checkout is `{task['workspace']}`, on `{branch['branch']}`. Commit there; what you leave uncommitted "
        "is committed for you. If what another branch has to bring is missing, end with the line `BLOCKED: what is "
        "missing` (a program of your own: with that line, and exit code 75). Exit code 0: done; any other: failed.",
        branch["brief"],
        _bullets("You may change", branch["owns"] + [f"{s['path']} (shared)" for s in task["shared_files"]]),
        _bullets(
            "Generated, never edited by hand",
            [f"{', '.join(g['paths'])}: `{g['command']}`" for g in task["generated_files"]],
        ),
        _bullets("What will be checked", _checks(gates)),
        _bullets(
            "What you build on", [f"{d['id']} {d['title']}: {', '.join(d['paths'][:20])}" for d in task["dependencies"]]
        ),
        _bullets("Predicted conflicts", task["predicted_conflicts"]),
        _bullets("What sank the attempt before", [str(Finding.model_validate(f)) for f in task["findings"]]),
        _bullets("What else the attempt before did", [f"{n}: is that meant? If not, keep them" for n in task["notes"]]),
        f"## Conventions\n\n{task['conventions']}" if task["conventions"] else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _checks(gates: dict[str, Any]) -> list[str]:
    budget = [f"at most {gates['max_lines']} added lines without generated files"] if gates["max_lines"] else []
    required = [
        f"every new file matching `{r['files']}` contains `{r['pattern']}`: {r['why']}" for r in gates["required"]
    ]
    return budget + required + [f"`{command}`" for command in gates["commands"]]


def _bullets(title: str, items: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {item}" for item in items) if items else ""
