"""Make the JSON Schema of a plan file from the models: editors complete keys, explain them and mark faults.

What needs more than one value (references, cycles, overlaps) is for `lint`. The schema says how a plan is best
written, so it is a little stricter than the loader: a number in quotes, which the loader takes, is marked.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from phaseplan.plan.model import PhasePlan

#: The first line of a plan, filled in with where the schema is: a path relative to the plan, or a URL.
MODELINE = "# yaml-language-server: $schema={}"


_DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that every editor knows; nothing here needs more


class _Generator(GenerateJsonSchema):
    """Shorten pydantic's schema for authors of plans: no titles made of keys, no empty defaults."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        return _without(super().model_schema(schema), "title")

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        field_schema = super().default_schema(schema)
        return (
            field_schema
            if isinstance(field_schema.get("default"), (str, int)) and field_schema["default"] != ""
            else _without(field_schema, "default")
        )


def schema() -> dict[str, Any]:
    """Return the schema as data."""
    generated = PhasePlan.model_json_schema(by_alias=True, schema_generator=_Generator)
    return {"$schema": _DIALECT, "title": "Phase plan", **generated}


def text() -> str:
    """Return the schema as the file that ships."""
    return json.dumps(schema(), indent=2) + "\n"


def _without(value: JsonSchemaValue, key: str) -> JsonSchemaValue:
    return {k: v for k, v in value.items() if k != key}
