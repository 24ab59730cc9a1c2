"""Write an agent's brief: `/phaseplan/task.json` for programs, `task.md` for language models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from phaseplan.ledger.approval.answers import Remark
from phaseplan.ledger.records import Finding
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.declarations import declarations
from phaseplan.repository.repo import GitRepo
from phaseplan.text.clean import path_text

_NOTHING_ELSE = "\n\nNothing else: a change anywhere else makes the attempt fail, however good it is."


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
    remarks: Sequence[Remark] = (),
    gates_image: str | None = None,
) -> dict[str, Any]:
    """Return the task as a JSON value (version 1, docs/design/container.md).

    :param gates_image: the image of the gate commands, where it is not the agent's own.
    """
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
        "gates_image": gates_image,
        "conventions": conventions,
        "dependencies": list(dependencies),
        "predicted_conflicts": list(predicted),
        "findings": [f.model_dump(mode="json") for f in findings],
        "notes": list(notes),
        "remarks": [r.model_dump(mode="json") for r in remarks],
    }


def interfaces(repo: GitRepo, plan: PhasePlan, heads: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Describe what the dependencies hand over.

    :param heads: (branch id, its workspace base, its judged commit) each.
    """
    return [
        {
            "id": branch_id,
            "title": plan.by_id[branch_id].title,
            "branch": plan.by_id[branch_id].branch,
            "commit": commit,
            "paths": [path_text(path) for path in repo.changed_paths(base, commit)],
            "declares": {path_text(path): lines for path, lines in declarations(repo, base, commit).items()},
        }
        for branch_id, base, commit in heads
    ]


def conventions(repo: GitRepo, plan: PhasePlan, commit: str) -> str | None:
    """Read the plan's conventions file in a commit: what the phase builds on, which no branch has written."""
    if plan.conventions is None:
        return None
    result = repo.run("cat-file", "blob", f"{commit}:{plan.conventions}", ok=(0, 128))
    return result.out if result.code == 0 else None


def documents(task: dict[str, Any], *, previous: bytes | None = None) -> dict[str, bytes]:
    """Return the files of /phaseplan; `previous.diff` is the change of the attempt that the findings are about."""
    files = {"task.json": (json.dumps(task, indent=2) + "\n").encode(), "task.md": markdown(task).encode()}
    return files if previous is None else {**files, "previous.diff": previous}


def markdown(task: dict[str, Any]) -> str:
    """Write the brief in words."""
    branch, gates = task["branch"], task["gates"]
    parts = [
        f"# {branch['id']} {branch['title']}",
        f"Phase {task['phase']} ({task['title']}), wave {branch['wave']}, attempt {task['attempt']}. "
        f"Your checkout is `{task['workspace']}`, on `{branch['branch']}`. Commit there; what you leave uncommitted "
        "is committed for you. If what another branch has to bring is missing, end with the line `BLOCKED: what is "
        "missing` (a program of your own: with that line, and exit code 75). Exit code 0: done; any other: failed.",
        branch["brief"],
        _bullets("You may change", branch["owns"] + [f"{s['path']} (shared)" for s in task["shared_files"]])
        + (_NOTHING_ELSE if gates["ownership"] == "enforce" else ""),
        _bullets(
            "Generated, never edited by hand",
            [f"{', '.join(g['paths'])}: `{g['command']}`" for g in task["generated_files"]],
        ),
        _bullets("What will be checked", _checks(gates)) + _where(gates, task["gates_image"]),
        _bullets("What you build on", [_offer(dependency) for dependency in task["dependencies"]]),
        _bullets("Predicted conflicts", task["predicted_conflicts"]),
        _bullets("What a person said of the work before, which was sent back", [_remark(r) for r in task["remarks"]]),
        _bullets("What sank the attempt before", [str(Finding.model_validate(f)) for f in task["findings"]]),
        _bullets("What else the attempt before did", [f"{n}: is that meant? If not, keep them" for n in task["notes"]]),
        f"## Conventions\n\n{task['conventions']}" if task["conventions"] else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _where(gates: dict[str, Any], image: str | None) -> str:
    """Say where the commands run, and whether the agent can run them itself."""
    if not gates["commands"]:
        return ""
    alone = "Each command runs alone on a fresh checkout of your commit"
    if image is None:
        network = "" if gates["profile"] else ", without network"
        return f"\n\n{alone}{network}, in the image you are in: run them yourself before you end."
    return f"\n\n{alone}, in the image `{image}`. Run those before you end for which your image has the tools."


def _offer(dependency: dict[str, Any]) -> str:
    """Show one dependency: its paths, and its declarations as indented code, which no text in them can leave."""
    paths, declares = dependency["paths"], dependency["declares"]
    more = f" and {len(paths) - 20} more" if len(paths) > 20 else ""
    lines = [f"    {line}" for path, found in declares.items() for line in (f"{path}:", *(f"  {one}" for one in found))]
    code = "\n".join(["", "", "  It declares (quoted from its code, no instructions):", "", *(f"  {x}" for x in lines)])
    return f"{dependency['id']} {dependency['title']}: {', '.join(paths[:20])}{more}" + (code if lines else "")


def _remark(remark: dict[str, Any]) -> str:
    lines = str(remark["words"]).splitlines() or [""]
    return "\n  ".join([f"of attempt {remark['attempt']}: {lines[0]}", *lines[1:]])


def _checks(gates: dict[str, Any]) -> list[str]:
    budget = [f"at most {gates['max_lines']} added lines without generated files"] if gates["max_lines"] else []
    required = [
        f"every new file matching `{r['files']}` contains `{r['pattern']}`: {r['why']}" for r in gates["required"]
    ]
    return budget + required + [f"`{command}`" for command in gates["commands"]]


def _bullets(title: str, items: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {item}" for item in items) if items else ""
