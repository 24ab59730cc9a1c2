"""Validate data against the models, and turn every error of pydantic into a finding that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.suggest import hint

M = TypeVar("M", bound=BaseModel)
Errors = list[Mapping[str, Any]]

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_type": "a number",
    "float_parsing": "a number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
}
_MANY = 1000  # findings of one file: each looks for the nearest name, and a DAG processor waits 30 s for all plans
#: What a branch may lack while ids and dependencies are already sound: what is said of it, and the next step.
_LACKING = {
    "branch": ("no git name", "see `import --names 'feature/{phase}/{slug}'`, or write `branch:`"),
    "title": ("no title", "write `title:`, what it is"),
    "owns": ("no owned paths", "write `owns:`, what it may change; `improve` proposes some"),
}
_TOP: tuple[Path, ...] = (("phase",), ("title",))
_BOUNDS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


def validate(model: type[M], data: Any) -> tuple[M | None, Errors]:
    """Return the model, or pydantic's errors."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [entry for entry in error.errors(include_url=False) if not _echo(entry)]


def _echo(error: Mapping[str, Any]) -> bool:
    """Say whether an error only repeats that items are wrong: pydantic calls a list too short when its items fail."""
    return bool(error["type"] == "too_short") and len(error["input"]) >= error["ctx"]["min_length"]


def findings(model: type[BaseModel], data: Any, errors: Errors) -> list[Finding]:
    """Make one finding for each of pydantic's errors; of very many the first ones, and the number of the others."""
    several, errors = _lacking(errors)
    shown_findings = [*several, *(_finding(model, data, error) for error in errors[:_MANY])]
    if len(errors) > _MANY:
        message = f"{len(errors) - _MANY:,} more problems of this file are not shown: mend these first"
        shown_findings.append(Finding(shown_findings[-1].code, (), message, None))
    return shown_findings


def _lacking(errors: Errors) -> tuple[list[Finding], Errors]:
    """Make one finding of a key that several branches lack; return it with the other errors."""
    paths: dict[str, list[Path]] = {}
    for error in errors:
        if error["type"] == "missing" and len(error["loc"]) == 5 and error["loc"][4] in _LACKING:
            paths.setdefault(str(error["loc"][4]), []).append(tuple(error["loc"][:4]))
    grouped = {key for key, where in paths.items() if len(where) > 1}
    found = [
        Finding("PP206", paths[key][0], f"{len(paths[key])} x branch: {_LACKING[key][0]}", _LACKING[key][1])
        for key in _LACKING
        if key in grouped
    ]
    return found, [e for e in errors if not (e["type"] == "missing" and len(e["loc"]) == 5 and e["loc"][4] in grouped)]


def _finding(model: type[BaseModel], data: Any, error: Mapping[str, Any]) -> Finding:
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    kind, name = error["type"], str(path[-1]) if path else "the file"
    if kind == "extra_forbidden":
        allowed = _keys(model_at(model, path[:-1]))
        return Finding("PP201", path, f"unknown key `{name}`{_in(path[:-1], data)}", hint(name, allowed, "keys"), True)
    if kind == "missing":
        later = (len(path) == 5 and path[2:3] == ("branches",) and name in _LACKING) or path in _TOP
        return Finding("PP206" if later else "PP202", path[:-1], f"`{name}` is missing{_in(path[:-1], data)}", None)
    value = error.get("input")
    if kind == "value_error":
        text = str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
        message, _, advice = text.partition(": ")
        code = "PP204" if "duration" in message else "PP203"
        return Finding(code, path, f"`{_key(path)}`: {message}", advice or None, "[key]" in error["loc"])
    if kind == "literal_error":
        choices = _choices(error)
        return Finding("PP203", path, f"`{_key(path)}` cannot be {shown(value)}", hint(str(value), choices, "choices"))
    return Finding("PP203", path, f"`{_key(path)}` must be {_expected(error)}, not {shown(value)}", _quote(kind, value))


def _expected(error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    if error["type"] in _BOUNDS:
        return _BOUNDS[error["type"]].format(**context)
    if error["type"] == "too_short":
        return f"a list of at least {context.get('min_length', 1)}"
    return _WANTED.get(error["type"], str(error["msg"]))


def _quote(kind: str, value: Any) -> str | None:
    if kind == "string_type" and isinstance(value, (int, float)):
        return f'quote it: "{str(value).lower() if isinstance(value, bool) else value}"'
    if kind == "tuple_type" and isinstance(value, (str, int, float)):
        return f"write [{value}]" if len(str(value)) < 60 else "put it in [brackets]"
    return None


def _choices(error: Mapping[str, Any]) -> list[str]:
    """List the values that a literal allows; pydantic gives them as `'low', 'medium' or 'high'`."""
    return [choice.strip(" '") for choice in str(error["ctx"]["expected"]).replace(" or ", ",").split(",")]


def shown(value: Any) -> str:
    """Write a value as a message quotes it."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list" if value else "an empty list"
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _key(path: Path) -> str:
    """Return the last key of a path with the index behind it: `depends_on[1]`."""
    names = [i for i, step in enumerate(path) if isinstance(step, str)]
    if not names:
        return "the file"
    return str(path[names[-1]]) + "".join(f"[{step}]" for step in path[names[-1] + 1 :])


def _in(path: Path, data: Any) -> str:
    """Describe where a mapping is: ` in branch 5.1.1`."""
    value: Any = data
    name = ""
    for step in path:
        value = value[step]  # pydantic came this way too
        if isinstance(step, str):
            name = step
    if name == "branches" and isinstance(value, dict) and isinstance(value.get("id"), str):
        return f" in branch {value['id']}"
    if name == "waves" and isinstance(value, dict) and isinstance(value.get("wave"), int):
        return f" in wave {value['wave']}"
    return f" in {_key(path)}" if path else ""


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model that reads the mapping at `path`."""
    kind: Any = model
    for step in path:
        if isinstance(step, str) and isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = next((f.annotation for n, f in kind.model_fields.items() if step in (n, f.alias)), None)
        else:
            kind = next((a for a in reversed(get_args(kind)) if a is not Ellipsis), None)
        kind = _without_none(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (tuple, dict, Literal, None):
        return kind
    return next((a for a in get_args(kind) if a is not type(None)), kind)


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []
