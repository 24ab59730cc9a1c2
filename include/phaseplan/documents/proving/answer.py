"""Define what a model answers: an outline in which every value names the line that holds it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Cited(BaseModel):
    """Define a value with its line; the line is checked, the reason is only shown."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(description="Number of the line that holds the value.")
    why: str = Field(default="", description="Reason, if the line alone does not make it plain.")


class Words(Cited):
    """Define a text, exactly as its line has it."""

    value: str = Field(description="The text, copied from the line without markup, not translated or shortened.")


class Number(Cited):
    """Define a number, which its line has in digits."""

    value: int


class UnitAnswer(BaseModel):
    """Define one unit of work: what one agent builds on one branch."""

    model_config = ConfigDict(frozen=True)

    id: Words | None = Field(default=None, description="Its id, on the line that defines it; none if it has none.")
    title: Words | None = Field(default=None, description="Its own words, whole; no role, mark or heading around it.")
    branch: Words | None = Field(default=None, description="Name of its git branch.")
    owns: tuple[Words, ...] = Field(default=(), description="Paths that it may change.")
    lines: Number | None = Field(default=None, description="Estimated lines of code.")
    needs: tuple[Words, ...] = Field(
        default=(),
        description="Id (else git name or title) of a unit that must be done first, by the line that says so.",
    )
    done: Words | None = Field(default=None, description="The words that call it finished.")
    wave: Cited | None = Field(default=None, description="The line that puts it into its wave, if it is not below it.")


class WaveAnswer(BaseModel):
    """Define units that may be built at the same time, after those of the waves before."""

    model_config = ConfigDict(frozen=True)

    number: Number | None = Field(default=None, description="Its number, if the document gives one.")
    title: Words | None = Field(default=None, description="Its title.")
    units: tuple[UnitAnswer, ...] = ()


class PhaseAnswer(BaseModel):
    """Define one phase: what becomes one plan."""

    model_config = ConfigDict(frozen=True)

    number: Number | None = None
    title: Words | None = None
    depends_on: tuple[Number, ...] = Field(default=(), description="Numbers of phases that must be complete first.")
    waves: tuple[WaveAnswer, ...] = Field(default=(), description="One without number and title if there are none.")


class LeftOut(Cited):
    """Define a line that looks like a unit of work and is none, with the reason."""


class Answer(BaseModel):
    """Define the whole answer."""

    model_config = ConfigDict(frozen=True)

    phases: tuple[PhaseAnswer, ...] = ()
    left_out: tuple[LeftOut, ...] = Field(default=(), description="What looks like a unit and is none.")
