"""Decide how long to wait before a provider is asked again."""

import math
import time
from calendar import timegm
from email.utils import parsedate

from gateway.faults import delay_in
from gateway.headers import value_of

_SILENT = 5  # tries where the provider fails and does not say how long it will
_LONGEST = 30.0  # seconds between tries of a connection
_AGAIN = 0.1  # seconds, doubling up to a few: a provider that asks for none is not asked without end
_PATIENT = 6  # tries for which that is doubled
_BUSY = (408, 425, 429)
_HOPELESS = (501, 505)


def retry_after(headers, body=b""):
    """Return for how many seconds the provider wants to be left alone; None if it does not say."""
    texts = [(value_of(headers, b"retry-after-ms"), 1000.0), (value_of(headers, b"retry-after"), 1.0)]
    for text, unit in (*texts, (delay_in(body) if body else "", 1.0)):
        seconds = _seconds(text)
        if seconds is not None:
            return max(0.0, seconds / unit)
    return None


def _seconds(text):
    """Read a number, or the time until a date; None if it is neither."""
    try:
        number = float(text)
        return number if math.isfinite(number) else None
    except ValueError:
        pass
    try:
        return timegm(parsedate(text)) - time.time()
    except (ValueError, TypeError, OverflowError):  # parsedate returns None for what is no date
        return None


def troubled(status):
    """Say whether a status is the provider's trouble and not the agent's.

    A redirection is one: it is not followed with the key.
    """
    return 300 <= status < 400 or status in (401, 402, 403, *_BUSY) or status >= 500


class Patience:
    """The rest of one call's wait.

    :param wait: seconds.
    """

    def __init__(self, wait):
        self._until = time.monotonic() + wait
        self._losses = self._failures = self._asked = 0

    @property
    def left(self):
        """Return how many seconds may still be waited."""
        return max(0.0, self._until - time.monotonic())

    def after_loss(self):
        """Return the pause after a lost connection; None if there is no time for it."""
        self._losses += 1
        return self._within(min(_LONGEST, 0.25 * 2**self._losses))

    def after_answer(self, status, headers, pause):
        """Return the pause after an answer; None if it is to be passed on.

        :param pause: for which the provider asks.
        """
        again = status in _BUSY or (status >= 500 and status not in _HOPELESS)
        if not again or value_of(headers, b"x-should-retry") == "false":
            return None
        if pause is not None:
            least = _AGAIN * 2 ** min(self._asked, _PATIENT)
            self._asked += 1
            return self._within(max(least, pause))
        self._failures += 1
        return self._within(0.5 * 2**self._failures) if self._failures <= _SILENT else None

    def _within(self, pause):
        return pause if pause <= self.left else None
