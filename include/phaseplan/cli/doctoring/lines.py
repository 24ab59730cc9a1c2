"""Hold what `doctor` says of one thing, and turn whatever goes wrong while it looks into such a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from phaseplan.errors import InputFault, PhaseplanError

State = Literal["ok", "advice", "not seen", "wrong"]
_INPUT, _SYSTEM = InputFault.exit_code, PhaseplanError.exit_code


@dataclass(frozen=True)
class Line:
    """Say how one thing stands.

    :param area: what was looked at, in one word.
    :param step: what to do next; empty where there is nothing to do.
    :param exit_code: 1 where plans, profiles or settings are at fault, 2 where the system is, else 0.
    """

    area: str
    state: State
    words: str
    step: str = ""
    exit_code: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


Check = Callable[[], Iterable[Line]]


def ok(area: str, words: str) -> Line:
    """Say that a thing is as it should be."""
    return Line(area, "ok", words)


def advice(area: str, words: str, step: str) -> Line:
    """Say that a thing works, and would work better in another way."""
    return Line(area, "advice", words, step)


def not_seen(area: str, words: str, step: str = "") -> Line:
    """Say why a thing could not be looked at from here."""
    return Line(area, "not seen", words, step)


def faulty(area: str, words: str, step: str) -> Line:
    """Say what is wrong with a plan, a profile or a setting."""
    return Line(area, "wrong", words, step, _INPUT)


def broken(area: str, words: str, step: str) -> Line:
    """Say what is wrong with the system."""
    return Line(area, "wrong", words, step, _SYSTEM)


def looked(area: str, check: Check) -> list[Line]:
    """Carry out a check; an error that ends it is its last line, so that one fault never hides the next thing."""
    lines: list[Line] = []
    try:
        lines.extend(check())
    except PhaseplanError as error:
        words, _, step = str(error).partition(" Next: ")
        lines.append(Line(area, "wrong", words, step, error.exit_code))
    except Exception as error:
        # Its text may hold an address with a password: only what kind it is can be said.
        step = "repair what the line above says, or report it" if lines else "look at this component's own log"
        lines.append(broken(area, f"looking at it failed: {type(error).__name__}", step))
    return lines


def exit_code(lines: Iterable[Line]) -> int:
    """Return 0 where nothing is wrong, 2 where the system is at fault, else 1."""
    return max((line.exit_code for line in lines), default=0)
