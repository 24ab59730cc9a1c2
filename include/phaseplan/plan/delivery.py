"""Define what becomes of a finished phase: nothing, a push, or a pull request."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from phaseplan.plan.base import Model

How = Literal["none", "push", "pull-request"]
Forge = Literal["github", "gitlab", "gitea", "forgejo"]
_HOW: tuple[How, ...] = ("none", "push", "pull-request")


class Delivery(Model):
    """Describe what becomes of the phase once it is complete; `deliver: push` is short for its `how`.

    Where a token goes is the operator's to say: the address is in the connection, never in a plan (decision 062).
    """

    how: How = Field(
        default="none",
        description="`none`; `push`: a fast-forward of `onto`, refused if it moved; `pull-request`: opened once, "
        "updated by each run.",
    )
    onto: str = Field(default="main", description="Branch of the target repository that is to get the work.")
    connection: str = Field(
        default="phaseplan_forge",
        description="Airflow connection of the forge: its host is the forge's address, its password the token.",
    )
    forge: Forge | None = Field(
        default=None, description="Which forge it is; default: by the connection's type and host."
    )
    project: str | None = Field(
        default=None, description="The repository's name on the forge, `owner/name`; default: by the target's URL."
    )
    draft: bool = Field(default=False, description="Open the pull request as a draft.")
    labels: tuple[str, ...] = Field(default=(), description="Labels that a new pull request gets.")

    @model_validator(mode="before")
    @classmethod
    def _from_one_word(cls, value: Any) -> Any:
        return {"how": value} if isinstance(value, str) else value

    @property
    def wanted(self) -> bool:
        """Say whether there is anything to do."""
        return self.how != "none"

    def __str__(self) -> str:
        """Write in words what will be done."""
        if self.how == "push":
            return f"a fast-forward push to {self.onto}"
        if self.how == "none":
            return "nothing"
        return f"a {'draft of a ' if self.draft else ''}pull request onto {self.onto} (connection {self.connection})"


class _OrOneWord:
    """Allow one word beside the mapping in the JSON Schema, as the loader does."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the mapping or of the word."""
        return {"anyOf": [{"type": "string", "enum": list(_HOW)}, handler(core)]}


Deliver = Annotated[Delivery, _OrOneWord()]
