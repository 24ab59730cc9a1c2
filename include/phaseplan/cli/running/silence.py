"""Bear an API server that does not answer for a while: it may be starting again, on a machine that is busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from phaseplan.cli.local_airflow.api import ApiError

#: Seconds without an answer. A start needs half a minute of processor, which is minutes where others need it as well;
#: a server that dies instead is seen at once (`Supervisor.check`): only one that lives and never answers takes so long.
PATIENCE = 300.0
_TELL = 60.0  # seconds after which people are told
_PASSING = (0, 500, 503)  # no answer, a busy database, still starting: ask again


class Silence:
    """Know since when the API server has not answered.

    :param full: whether the disk is full, while which nothing can answer.
    :param log: the server's own log, for people.
    """

    def __init__(self, note: Callable[[str], None], full: Callable[[], bool], log: Path) -> None:
        self._note, self._full, self._log = note, full, log
        self._since: float | None = None
        self._told = False

    def over(self) -> None:
        """Forget it: there was an answer."""
        if self._told:
            self._note("Airflow's API server answers again.")
        self._since, self._told = None, False

    def bear(self, error: ApiError) -> None:
        """Bear one more question without an answer.

        :raises ApiError: it said no, or has said nothing for too long.
        """
        now = time.monotonic()
        self._since = now if self._full() else self._since or now
        if error.status not in _PASSING or now - self._since > PATIENCE:
            raise error
        if now - self._since > _TELL and not self._told:
            self._told = True
            self._note(
                f"Airflow's API server has not answered for {_TELL:.0f} s; agents work on, and the run waits for it "
                f"{(PATIENCE - _TELL) / 60:.0f} minutes more. Its log: {self._log}"
            )
