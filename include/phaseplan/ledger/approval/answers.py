"""Record a question to a person and its answer, and what people say of work that they send back."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from phaseplan.text.shown import plain, quoted

#: What became of a question; empty: nobody has answered yet. `stopped`: a person wants no agent to begin.
#: `unanswered`: its time is over, and the plan says to stop then.
Answered = Literal["", "approved", "sent back", "stopped", "unanswered"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Approval(_Answer):
    """Hold one question, about exactly this work, and what became of it.

    :param run: the run that asked.
    :param work: judged commit by branch: what is integrated of the wave, or of the phase.
    :param who: name of the Airflow user who answered; empty: none did.
    :param branches: those that were sent back, or isolated with the approval of the others.
    :param again: why an answer could not be taken, so that it is asked once more.
    """

    run: str
    asked: str
    work: dict[str, str] = {}
    answer: Answered = ""
    who: str = ""
    when: str = ""
    words: str = ""
    branches: tuple[str, ...] = ()
    again: str = ""

    @field_validator("words", "again")
    @classmethod
    def _quoted(cls, value: str) -> str:
        return quoted(value)

    @field_validator("who")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        return plain(value).replace("\n", " ")

    def sentence(self, point: str) -> str:
        """Say in one sentence what became of the question."""
        words = f": {self.words}" if self.words else ""
        by = f" by {self.who}" if self.who else ""
        match self.answer:
            case "":
                return f"{point} waits for a person's approval since {self.asked}"
            case "approved":
                without = f" without {', '.join(self.branches)}" if self.branches else ""
                return f"{point} was approved{by}{without} at {self.when}{words}"
            case "sent back":
                return f"{', '.join(self.branches)} of {point} was sent back{by} at {self.when}{words}"
            case "stopped":
                return f"{point} was stopped{by} at {self.when}{words}"
            case "unanswered":
                return f"{point} was not approved in time: asked at {self.asked}, given up at {self.when}"


class Remark(_Answer):
    """Hold what a person said of a branch's work when it was sent back: part of its task from then on."""

    who: str
    when: str
    attempt: int  # the one that it is about
    words: str

    @field_validator("words")
    @classmethod
    def _quoted(cls, value: str) -> str:
        return quoted(value)
