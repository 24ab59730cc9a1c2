"""The trigger form keeps its exact shape: Airflow draws it, saves its values, and people's scripts send them."""

from __future__ import annotations

from typing import Any

from phaseplan.airflow.compile.params import form
from phaseplan.plan.run_request import RunRequest
from tests.cli.plans import plan


def shapes(**changes: Any) -> dict[str, tuple[Any, str | None, dict[str, Any]]]:
    """Default, description and JSON schema of every field of a plan's form."""
    fields = form(plan(8, **changes), ["b", "a"], "wave")
    return {name: (param.value, param.description, param.schema) for name, param in fields.items()}


#: What a field takes that chooses branches.
CHOSEN = {
    "type": ["array", "null"],
    "items": {"type": "string", "enum": ["8.a", "8.b", "8.c"]},
    "uniqueItems": True,
    "examples": ["8.a", "8.b", "8.c"],
    "values_display": {"8.a": "8.a p8-a", "8.b": "8.b p8-b", "8.c": "8.c p8-c"},
}


def test_the_form_is_these_six_fields_and_no_others() -> None:
    assert shapes() == {
        "base": (
            "main",
            "Branch, tag or commit of the target repository that the phase builds on.",
            {
                "type": "string",
                "minLength": 1,
                "pattern": r"^[^-/\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*$",
                "title": "Base",
            },
        ),
        "start": (
            "wave",
            "wave: a branch waits for the previous wave; dependencies: only for what it needs.",
            {"type": "string", "enum": ["wave", "dependencies"], "title": "Start"},
        ),
        "branches": (
            [],
            "Only these; the others succeed untouched. Empty: all.",
            {**CHOSEN, "title": "Branches"},
        ),
        "isolate": (
            [],
            "Integrated branches that are taken out first, with what needs them; the run is about the others.",
            {**CHOSEN, "title": "Isolate"},
        ),
        "agent": (
            None,
            "Profile that builds every branch of this run instead of the plan's own.",
            {
                "type": ["string", "null"],
                "enum": [None, "a", "b"],
                "values_display": {"null": "the plan's own"},
                "title": "Agent",
            },
        ),
        "rebuild": (
            "auto",
            "auto: a passed verdict for the same inputs is reused; always: agents build anew.",
            {"type": "string", "enum": ["auto", "always"], "title": "Rebuild"},
        ),
    }


def test_the_order_of_the_form_is_that_of_the_model() -> None:
    assert (
        list(shapes()) == list(RunRequest.model_fields) == ["base", "start", "branches", "isolate", "agent", "rebuild"]
    )


def test_the_base_of_a_phase_that_depends_on_others_says_what_dependencies_means() -> None:
    value, description, _ = shapes(depends_on=[7])["base"]
    assert value == "dependencies"
    assert description == (
        "Branch, tag or commit of the target repository that the phase builds on; `dependencies`: what the phases it "
        "depends on have integrated."
    )


def test_the_values_of_an_untouched_form_are_a_request() -> None:
    asked = RunRequest.read({name: value for name, (value, _, _) in shapes().items()})
    assert asked == RunRequest(base="main", start="wave")
