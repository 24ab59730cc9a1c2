"""Decide how long to wait before a provider is asked again."""

import time
from calendar import timegm
from email.utils import parsedate

from gateway.headers import value_of

_SILENT = 5  # tries where the provider fails and does not say how long it will
_LONGEST = 30.0  # seconds between tries of a connection
_BUSY = (408, 425, 429)
_HOPELESS = (501, 505)


def retry_after(headers):
    """Return for how many seconds the provider wants to be left alone; None if it does not say."""
    for name, unit in ((b"retry-after-ms", 1000.0), (b"retry-after", 1.0)):
        text = value_of(headers, name)
        try:
            return max(0.0, float(text) / unit)
        except ValueError:
            date = parsedate(text) if text else None
            if date:
                return max(0.0, timegm(date) - time.time())
    return None


def troubled(status):
    """Say whether a status is the provider's trouble and not the agent's."""
    return status in (401, 402, 403, *_BUSY) or status >= 500


class Patience:
    """The rest of one call's wait.

    :param wait: seconds.
    """

    def __init__(self, wait):
        self._until = time.monotonic() + wait
        self._losses = self._failures = 0

    @property
    def left(self):
        """Return how many seconds may still be waited."""
        return max(0.0, self._until - time.monotonic())

    def after_loss(self):
        """Return the pause after a lost connection; None if there is no time for it."""
        self._losses += 1
        return self._within(min(_LONGEST, 0.25 * 2**self._losses))

    def after_answer(self, status, headers):
        """Return the pause after an answer; None if it is to be passed on."""
        again = status in _BUSY or (status >= 500 and status not in _HOPELESS)
        if not again or value_of(headers, b"x-should-retry") == "false":
            return None
        pause = retry_after(headers)
        if pause is not None:
            return self._within(max(0.1, pause))
        self._failures += 1
        return self._within(0.5 * 2**self._failures) if self._failures <= _SILENT else None

    def _within(self, pause):
        return pause if pause <= self.left else None
