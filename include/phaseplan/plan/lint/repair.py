"""Repair a plan with faults for lint only, so that one mistyped key does not hide a cycle from the rules.

The repaired plan is only ever linted. What was replaced is remembered, and no rule's finding about it is shown.
"""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.schema import Errors, M, model_at, validate
from phaseplan.plan.model import PhasePlan

NO_PHASE = 999_999  # the highest number of all: no plan in use has it
_BLANK: dict[str, Any] = {"branch": "", "title": "", "owns": ()}
_ROUNDS = 4  # a replaced value can lack something itself; no model nests deeper than this


def repair(model: type[M], data: Any, errors: Errors) -> tuple[M | None, frozenset[Path]]:
    """Return a valid model near `data`, and the paths that were replaced. None if it cannot be repaired."""
    data, touched = copy.deepcopy(data), set()
    for _ in range(_ROUNDS):
        for error in errors:
            path = tuple(step for step in error["loc"] if step != "[key]")
            if not path or not isinstance(data, dict):
                return None, frozenset()
            touched.add(_mend(model, data, path, error["type"]))
        whole, errors = validate(model, data)
        if whole is not None:
            return whole, frozenset(touched)
    return None, frozenset()


def concerns(finding: Finding, touched: frozenset[Path]) -> bool:
    """Say whether a finding is about a value that was replaced."""
    return any(finding.path[: len(path)] == path for path in touched)


def _mend(model: type[BaseModel], data: Any, path: Path, kind: str) -> Path:
    """Drop or replace the value at `path`, or the field it belongs to; return the path that was replaced."""
    parent = _value(data, path[:-1])
    if isinstance(path[-1], int) and isinstance(parent, list) and _owner_is_model(model, path):
        parent[path[-1]] = {}
        return path
    while path and not isinstance(path[-1], str):
        path = path[:-1]
    parent = _value(data, path[:-1])
    if not path or not isinstance(parent, dict):
        return path
    field = model_at(model, path[:-1])
    required = field is not None and any(
        f.is_required() for name, f in field.model_fields.items() if path[-1] in (name, f.alias)
    )
    parent.pop(path[-1], None)
    if kind != "extra_forbidden" and required and (stand_in := _stand_in(path)) is not None:
        parent[str(path[-1])] = stand_in
    return path


def _owner_is_model(model: type[BaseModel], path: Path) -> bool:
    """Say whether the list's items are mappings (waves, branches), whose indices must stay."""
    return model_at(model, path) is not None


def _value(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _stand_in(path: Path) -> Any:
    """Return a value that clashes with nothing, for a required field."""
    number = "-".join(str(step) for step in path if isinstance(step, int)) or "0"
    unique: dict[str, Any] = {
        "id": f"unnamed-{number}", "branch": f"unnamed-{number}", "owns": [f"/.unnamed-{number}/"], "title": "-",
        "phase": NO_PHASE, "wave": int(number.split("-")[0]) + 1, "files": "*", "pattern": "x", "path": f"/.{number}",
        "branches": [{}], "owner": "-", "paths": ["*"], "command": "true", "image": "none",
    }  # fmt: skip
    return unique.get(str(path[-1]))


def blank(plan: PhasePlan, touched: frozenset[Path], number: int) -> PhasePlan:
    """Return a repaired plan with nothing where its author is still to fill in something; `number` as missing phase."""
    if not touched:
        return plan
    top: dict[str, Any] = {"phase": number} if ("phase",) in touched else {}
    top |= {"title": ""} if ("title",) in touched else {}
    waves = []
    for i, wave in enumerate(plan.waves):
        branches = []
        for j, branch in enumerate(wave.branches):
            lacking = {k: v for k, v in _BLANK.items() if ("waves", i, "branches", j, k) in touched}
            branches.append(
                branch.model_construct(**{k: getattr(branch, k) for k in type(branch).model_fields} | lacking)
            )
        waves.append(wave.model_copy(update={"branches": tuple(branches)}))
    return plan.with_(**top, waves=tuple(waves))
