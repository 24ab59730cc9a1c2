"""Compare clocks: attempts, leases and nights are told apart by the times that several machines write down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from phaseplan.cli.doctoring.lines import Line, broken, not_seen, ok

_AREA = "clock"
_APART = 5.0  # seconds; a Date header counts whole seconds, and an answer may take two


def apart(whose: str, here: datetime, there: datetime) -> Iterator[Line]:
    """Say how far another clock is from this machine's."""
    seconds = (there - here).total_seconds()
    if abs(seconds) > _APART:
        side = "ahead of" if seconds > 0 else "behind"
        words = f"the clock of {whose} is {abs(seconds):.0f} s {side} this machine's"
        yield broken(_AREA, words, "let both set their clocks by NTP")
    else:
        yield ok(_AREA, f"{whose} and this machine agree within {_APART:g} s")


def of_server(url: str) -> Iterator[Line]:
    """Compare this machine's clock with that of a target reached over HTTP, by the Date of whatever it answers."""
    if not url.startswith(("http://", "https://")):
        return
    try:
        answer = requests.head(url, timeout=10, allow_redirects=False)
        there = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        yield not_seen(_AREA, f"{url} does not say what time it is there")
        return
    yield from apart(url, datetime.now(UTC), there)
