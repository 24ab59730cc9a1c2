"""Check branch ids: unique, and fit to be one segment of a git ref (`refs/phaseplan/phase-5/started/5.1.1/1`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.plan import task_names as tasknames
from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def unique_ids(view: View) -> Iterator[Finding]:
    """PP301: report an id that two branches have."""
    first: dict[str, Path] = {}
    for path, branch in view.places:
        if branch.id in first:
            title = _title(view, first[branch.id])
            yield Finding(
                "PP301", (*path, "id"), f"the id {branch.id} is taken by `{title}`", "give each branch its own"
            )
        first.setdefault(branch.id, path)


def usable_ids(view: View) -> Iterator[Finding]:
    """PP303: report an id that cannot be part of a git ref."""
    for path, branch in view.places:
        why = _unusable(branch.id)
        if why:
            hint = "use letters, digits and . _ - like 5.1.1"
            yield Finding("PP303", (*path, "id"), f"the id {branch.id!r} {why}", hint)


def unique_tasks(view: View) -> Iterator[Finding]:
    """PP308: report ids that become one task name, such as `5.1.1` and `5-1-1`."""
    first: dict[str, str] = {}
    for path, branch in view.places:
        task = f"{tasknames.group(view.plan.waves[int(path[1])].wave)}.{tasknames.label(branch)}"
        other = first.setdefault(task, branch.id)
        if other != branch.id:
            message = f"{branch.id} and {other} would be the same Airflow task, {task.partition('.')[2]}"
            yield Finding("PP308", (*path, "id"), message, "change one of the ids")


def _unusable(text: str) -> str | None:
    if len(text) > 64:
        return "is longer than 64 characters"
    if not _ID.fullmatch(text):
        return "cannot be part of a git ref"
    if ".." in text:
        return "contains `..`"
    if text.endswith((".lock", ".")):
        return "ends in `.lock` or `.`"
    return None


def _title(view: View, path: Path) -> str:
    return next(branch.title for place, branch in view.places if place == path)
