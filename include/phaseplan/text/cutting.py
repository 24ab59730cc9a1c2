"""Cut another program's output to a length that an error can carry, after secrets are taken out of it.

Redacting comes too late for a text that was cut: the piece of a secret that is left at its end is no secret's value.
And a hook may say anything: bytes that are no text would keep an error from being logged or stored, escape sequences
would act on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from phaseplan.text.shown import plain

Hide = Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


_HIDE: ContextVar[Hide] = ContextVar("hide", default=_as_it_is)


@contextmanager
def hiding(hide: Hide) -> Iterator[None]:
    """Replace secrets with `hide` in every text that is cut inside, in this thread."""
    before = _HIDE.set(hide)
    try:
        yield
    finally:
        _HIDE.reset(before)


def cut(text: str, most: int = 2000) -> str:
    """Return the beginning of a text, at most `most` characters, with secrets and control characters replaced."""
    return plain(_HIDE.get()(text))[:most]
