"""Define what a forge or a branch can have against a delivery; the class says who must act."""

from __future__ import annotations

from phaseplan.errors import Infrastructure, Lasting


class ForgeAway(Infrastructure):
    """The forge does not answer, or asks to wait; worth a retry.

    :param retry_after: seconds for which it asked to wait.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ForgeRefuses(Lasting):
    """The forge says no, and would say it again.

    :param status: of its answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class OntoMoved(Lasting):
    """The branch that is to get the work has commits that the phase has not."""


class NotAsClosed(Lasting):
    """Integration is another than the one that the run closed with."""
