"""Whose end was the other's cause: an engine notes the ends of an agent and of its gateway in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from phaseplan.attempt.gateway import broken
from phaseplan.containers.engine import Found
from phaseplan.containers.gateways.gateway import ended_first
from phaseplan.containers.labels import Labels
from phaseplan.containers.pid1 import LOST

AGENT_ENDS = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
LABELS = Labels(ledger="l", phase=9, branch="9.1.1", attempt=1, claim="run-1/1", role="agent")


def ended(code: int, after: float = 0.0, *, stopped: bool = False) -> Found:
    """A container that ended so many seconds after the agent."""
    when = (AGENT_ENDS + timedelta(seconds=after)).isoformat()
    return Found("c", "exited", LABELS, code, False, "2026-11-29T09:00:00Z", when, stopped=stopped)


@pytest.mark.parametrize(
    ("code", "after", "is_cause"),
    [
        (137, -0.2, True),
        (137, 0.2, True),  # killed first, noted second: the agent lost its connection and was quick to end
        (1, 0.2, True),
        (137, 5.2, False),  # told to stop after its agent, and killed because it did not
        (0, -0.2, True),
        (0, 0.2, False),  # as it ends when its agent has
        (LOST, 0.2, False),  # the engine was away, and says nothing of how either ended
    ],
)
def test_a_gateway_that_was_killed_is_the_cause_though_it_was_noted_second(
    code: int, after: float, is_cause: bool
) -> None:
    assert bool(broken(ended(1), ended(code, after))) is is_cause  # an agent's
    assert bool(ended_first(ended(1), ended(code, after))) is is_cause  # a gate's too


def test_a_gateway_that_was_stopped_with_its_agent_is_not() -> None:
    assert broken(ended(143, stopped=True), ended(0, -0.2)) == ""
