"""The schema that ships is the models', and says of a plan what the loader says."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import TypeAdapter, ValidationError

from phaseplan.cli.main import main
from phaseplan.plan.json_schema import schema
from phaseplan.plan.json_schema import text as schema_text
from phaseplan.plan.lint.schema import findings, validate
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.span_fields import Duration, Seconds
from phaseplan.plan.yaml.load import load

TOP = Path(__file__).resolve().parents[2]
SHIPPED = TOP / "docs" / "plan.schema.json"
VALIDATOR = Draft7Validator(schema())
NAMED = [*sorted((TOP / "include" / "plans").glob("*.y*ml")), *sorted((TOP / "samples").glob("*/plan.yaml"))]
EXAMPLES = TOP / "include" / "phaseplan" / "plan" / "lint" / "examples"
GOOD = [
    *NAMED,
    *EXAMPLES.rglob("*.yaml"),
    *(TOP / "tests").glob("**/*plan*/**/*.yaml"),
    *(TOP / "tests").glob("**/plan.yaml"),
]


def data(path: Path) -> dict[str, Any]:
    """Load a plan file."""
    source = load(path)
    assert source.data is not None
    return source.data


def is_plan(path: Path) -> bool:
    source = load(path)
    return source.data is not None and validate(PhasePlan, source.data)[0] is not None


def codes(value: Any) -> set[str]:
    """Return lint's codes for values that the models refuse."""
    return {finding.code for finding in findings(PhasePlan, value, validate(PhasePlan, value)[1])}


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of all mappings in a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield path
    for key, part in parts:
        yield from mappings(part, (*path, key))


def test_the_shipped_schema_is_current() -> None:
    assert SHIPPED.read_text() == schema_text(), "run: ./phaseplan schema -o docs/plan.schema.json"
    Draft7Validator.check_schema(json.loads(SHIPPED.read_text()))


@pytest.mark.parametrize("path", NAMED, ids=lambda path: str(path.relative_to(TOP)))
def test_the_first_line_of_every_plan_names_the_schema(path: Path) -> None:
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text().splitlines()[0])
    assert match, "the first line of a plan is: # yaml-language-server: $schema=../../docs/plan.schema.json"
    assert (path.parent / match[1]).resolve() == SHIPPED


def test_every_plan_of_the_repository_is_valid() -> None:
    plans = [path for path in GOOD if is_plan(path)]
    assert len(plans) > 40
    assert {str(path): [e.message for e in VALIDATOR.iter_errors(data(path))] for path in plans} == {
        str(path): [] for path in plans
    }


def test_every_key_is_described() -> None:
    made = schema()
    for model in (made, *made["$defs"].values()):
        assert model["description"] and model["additionalProperties"] is False
        assert [key for key, field in model["properties"].items() if not field.get("description")] == []
    assert "validate" in made["$defs"]["Wave"]["properties"] and "validation" not in made["$defs"]["Wave"]["properties"]


def test_unknown_keys_are_refused_by_lint_and_by_the_schema() -> None:
    plan = data(NAMED[0]) | {"notify": {"blocked": ["x"]}}
    places = [path for path in mappings(plan) if path not in (("claims", "risks"), ("claims", "mitigations"))]
    assert len(places) > 20
    for path in places:
        bad = copy.deepcopy(plan)
        inner: Any = bad
        for step in path:
            inner = inner[step]
        inner["zzz"] = "x"
        assert codes(bad) == {"PP201"}
        assert [(e.validator, tuple(e.absolute_path)) for e in _leaves(bad)] == [("additionalProperties", path)]


def _leaves(value: Any) -> Iterator[Any]:
    """Return the innermost errors, with the whole path, instead of `is under none of these`."""
    todo = list(VALIDATOR.iter_errors(value))
    while todo:
        error = todo.pop()
        inner = [e for e in error.context or [] if e.validator != "type"]
        todo += inner
        if not inner:
            yield error


def test_missing_and_wrong_values_are_refused_by_lint_and_by_the_schema() -> None:
    refused = 0
    for path in [*(TOP / "tests" / "plans" / "bad").glob("PP20[1-46]*.yaml"), *EXAMPLES.glob("PP20[1-46]*.yaml")]:
        assert codes(data(path)), path
        assert list(VALIDATOR.iter_errors(data(path))), path
        refused += 1
    assert refused >= 9


@pytest.mark.parametrize("kind", [Duration, Seconds])
@given(text=st.from_regex(r"[0-9]{0,3}\.?[0-9]{0,2}[smhdx]?(-[0-9]{1,3}[smhdx])?", fullmatch=True))
def test_the_schema_accepts_the_durations_of_the_loader(kind: Any, text: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    valid = Draft7Validator(adapter.json_schema()).is_valid(text)
    try:
        adapter.validate_python(text)
        assert valid
    except ValidationError as error:
        assert not valid or "backwards" in str(error), "only lint sees that a range runs backwards"


def test_the_verb_writes_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == SHIPPED.read_text()
    assert main(["schema", "-o", str(tmp_path / "x.json")]) == 0
    assert (tmp_path / "x.json").read_text() == SHIPPED.read_text()
