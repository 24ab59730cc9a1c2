"""Define what a run is asked to do: the trigger form, `--set` and the record of a run are made from this one model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from phaseplan.errors import InputFault
from phaseplan.plan.git_names import FORBIDDEN, fault
from phaseplan.plan.lint.suggest import nearest
from phaseplan.plan.model import Start

Rebuild = Literal["auto", "always"]


def _base(name: str) -> str:
    if fault(name) is not None:
        raise ValueError("not the name of a branch, tag or commit")
    return name


def _none_is_empty(value: object) -> object:
    return () if value is None else value  # the form of Airflow sends null for a field that was emptied


#: A form can only look at the letters of a name; whether it is one is looked up when the phase opens.
Base = Annotated[
    str,
    AfterValidator(_base),
    WithJsonSchema({"type": "string", "minLength": 1, "pattern": f"^[^-/{FORBIDDEN}][^{FORBIDDEN}]*$"}),
]
#: Ids and profile names are a plan's and an installation's: see `check_branches` and `check_agent`.
Branches = Annotated[
    tuple[str, ...],
    BeforeValidator(_none_is_empty),
    WithJsonSchema({"type": ["array", "null"], "uniqueItems": True}),
]
Agent = Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})]


class RunRequest(BaseModel):
    """Hold what a run is asked to do, one field for each parameter. The texts are those of the trigger form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Base = Field(
        title="Base", description="Branch, tag or commit of the target repository that the phase builds on"
    )
    start: Start = Field(
        title="Start",
        description="wave: a branch waits for the previous wave; dependencies: only for what it needs.",
    )
    branches: Branches = Field(
        default=(), title="Branches", description="Only these; the others succeed untouched. Empty: all."
    )
    isolate: Branches = Field(
        default=(),
        title="Isolate",
        description="Integrated branches that are taken out first, with what needs them; the run is about the others.",
    )
    agent: Agent = Field(
        default=None,
        title="Agent",
        description="Profile that builds every branch of this run instead of the plan's own.",
    )
    rebuild: Rebuild = Field(
        default="auto",
        title="Rebuild",
        description="auto: a passed verdict for the same inputs is reused; always: agents build anew.",
    )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> RunRequest:
        """Make the request of a form's values; other values in the form are ignored.

        :raises InputFault: a parameter is missing, or a value is none that it can have.
        """
        try:
            return cls.model_validate({name: values[name] for name in cls.model_fields if name in values})
        except ValidationError as error:
            raise InputFault(_sentence(error)) from error

    def recorded(self) -> dict[str, Any]:
        """Return the fields as a record of the run names them: `base` is the commit there, `base_name` this base."""
        values = self.model_dump()
        return {"base_name": values.pop("base"), **values}

    def selection(self, known: Collection[str], lacks: str) -> tuple[str, ...]:
        """Return the branches that the run is about; empty: all that the plan has.

        :param known: ids of the plan's branches, in order.
        :param lacks: who has no other, as the message begins.
        :raises InputFault: a branch is unknown, or none is left.
        """
        check_branches((*self.branches, *self.isolate), known, lacks)
        if not self.isolate:
            return self.branches
        left = tuple(b for b in self.branches or known if b not in self.isolate)
        if not left:
            raise InputFault("isolate: no branch is left for the run; take the last one out by `phaseplan isolate`.")
        return left

    def pairs(self) -> list[str]:
        """Write the request as the `key=value` pairs that `--set` takes, without those that have their default."""
        given = self.model_dump(exclude_defaults=True)
        return [f"{name}={','.join(v) if isinstance(v, tuple) else v}" for name, v in given.items()]


def check_value(name: str, value: object) -> None:
    """Look at the value of one parameter alone, where the others are as a plan says.

    :raises InputFault: it is none that the parameter can have.
    """
    try:
        RunRequest.model_validate({"base": "main", "start": "wave", name: value})
    except ValidationError as error:
        raise InputFault(_sentence(error)) from error


def check_branches(wanted: Collection[str], known: Collection[str], lacks: str = "no plan has a") -> None:
    """Look whether the branches of a selection are among those of the plans.

    :param lacks: who has no such branch, as the message begins.
    :raises InputFault: one is not.
    """
    for branch_id in wanted:
        if branch_id not in known:
            raise InputFault(f"branches: {lacks} branch `{branch_id}`; {_hint(branch_id, known, 'branches')}.")


def check_agent(name: str | None, profiles: Collection[str]) -> None:
    """Look whether an agent that was asked for is one of the profiles.

    :raises InputFault: it is not.
    """
    if name is not None and name not in profiles:
        why = f"no agent profile has this name; {_hint(name, sorted(profiles), 'profiles')}"
        raise InputFault(f"agent={name}: {why}.")


def _sentence(error: ValidationError) -> str:
    """Describe the first wrong value: `start=now: one of wave, dependencies.`"""
    first = error.errors()[0]
    name, value = str(first["loc"][0]), first["input"]
    if first["type"] == "missing":
        return f"{name} is missing."
    choices = get_args(RunRequest.model_fields[name].annotation)
    why = f"one of {', '.join(choices)}" if first["type"] == "literal_error" else str(first["msg"])
    return f"{name}={value}: {why.removeprefix('Value error, ')}."


def _hint(word: str, known: Collection[str], kind: str) -> str:
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else f"{kind}: {', '.join(known) or 'none'}"
