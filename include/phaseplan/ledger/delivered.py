"""Record where a finished phase was delivered to: a branch it was pushed to, or its pull request."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError, field_validator

from phaseplan.ledger.records import Record
from phaseplan.text.shown import plain

#: `failed`: nothing has been delivered yet, and `problem` says why.
Landing = Literal["failed", "open", "merged", "closed", "pushed"]
_LONGEST = 500  # characters of a problem


class Delivered(Record):
    """`delivery.json`: what the newest delivery of a phase came to.

    `merged` and `pushed` hold only of `work`: what a later run builds is delivered anew.
    """

    version: Literal[1] = 1
    how: Literal["push", "pull-request"]
    state: Landing
    onto: str
    head: str = ""  # the integration commit that was delivered
    work: str = ""  # digest of the branches' commits in it
    number: int = 0
    url: str = ""
    commit: str = ""  # the one of `onto` that holds the work, where the forge names it: its merge, or a squash
    taken_head: str = ""  # the newest integration commit that was merged,
    taken_as: str = ""  # and the commit of `onto` that holds it
    run: str = ""
    time: str = ""
    problem: str = ""  # why the newest try came to nothing; the rest is as it was before

    @field_validator("onto", "url", "problem")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        return " ".join(plain(value).split())[:_LONGEST]

    def __str__(self) -> str:
        """Write it in a line."""
        if self.state == "failed":
            return f"not delivered: {self.problem}"
        return f"{self._landing()}; {self.problem}" if self.problem else self._landing()

    def _landing(self) -> str:
        if self.how == "push":
            return f"pushed to {self.onto} at {self.head[:8]}"
        name = f"pull request {self.number}" + (f" {self.url}" if self.url else "")
        if self.state == "merged":
            at = f" at {self.commit[:8]}" if self.commit else ""
            return f"{name}, merged into {self.onto}{at}"
        if self.state == "closed":
            return f"{name}, closed without merging; another is opened when the work has changed"
        return f"{name}, open"


def parsed(data: bytes | None) -> Delivered | None:
    """Read a record; None for one of another version or written by hand: the forge is looked at again."""
    try:
        return Delivered.model_validate_json(data or b"")
    except ValidationError:
        return None
