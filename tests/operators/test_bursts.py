"""Lines of many triggers come once a second, all at the same moment, and each trigger's in its order."""

from __future__ import annotations

import asyncio
import itertools
import time

from phaseplan.airflow.triggers.bursts import Bursts

Heard = list[tuple[float, int, str]]


async def printed(heard: Heard, number: int, lines: int, pause: float) -> None:
    """Print as one agent's log does."""
    bursts = Bursts(lambda line: heard.append((time.monotonic(), number, line)))
    await asyncio.sleep(number * pause / 7)
    for line in range(lines):
        bursts.add(str(line))
        await asyncio.sleep(pause)
    bursts.flush()


def test_lines_that_come_one_by_one_wake_the_triggerer_once_a_second() -> None:
    heard: Heard = []

    async def all_() -> None:
        await asyncio.gather(*(printed(heard, number, 12, 0.2) for number in range(6)))

    asyncio.run(all_())
    for number in range(6):
        assert [line for _, who, line in heard if who == number] == [str(line) for line in range(12)]
    bursts = 1 + sum(after - before > 0.05 for (before, _, _), (after, _, _) in itertools.pairwise(heard))
    assert bursts <= 10, "each of three or four whole seconds, and the end of each agent"


def test_a_long_burst_lets_others_have_their_turn_and_keeps_its_order() -> None:
    heard: list[str] = []
    turns: list[int] = []

    async def long() -> None:
        bursts = Bursts(heard.append)
        for line in range(1000):
            bursts.add(str(line))
        while len(heard) < 1000:
            turns.append(len(heard))
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(long(), 10))
    assert heard == [str(line) for line in range(1000)]
    assert {100, 500, 900} <= set(turns)


def test_what_is_left_at_the_end_comes_at_once_and_only_once() -> None:
    heard: list[str] = []

    async def short() -> None:
        bursts = Bursts(heard.append)
        bursts.add("one")
        bursts.add("two")
        bursts.flush()
        assert heard == ["one", "two"]
        await asyncio.sleep(1.2)
        bursts.flush()

    asyncio.run(short())
    assert heard == ["one", "two"]
