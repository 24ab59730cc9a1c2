"""Line 12: the end of a busy log is shown, and what is left out is counted.

Was: a task showed 4,455 of 60,000 lines, never the last ones, and did not report that. Escape sequences and lines that
imitate ours were shown unchanged.
Right: the first 10,000 and the last 2,000 lines are shown with a note of how many are left out between; a long line
says how much of it is not shown; agents' lines stand behind a gutter, with control characters written out.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from phaseplan.airflow.triggers.container import ContainerTrigger
from phaseplan.attempt.job import Done, Heard, Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers.engine import find
from phaseplan.containers.lines import Lines
from phaseplan.ledger.records import Finding
from phaseplan.text.excerpt import FIRST, LAST, Excerpt
from phaseplan.text.shown import one_line
from tests.build.conftest import Stage, stage

__all__ = ["stage"]

docker = pytest.mark.docker
DONE = "mkdir -p a; echo x > a/file.txt"


def agent(script: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [f"{DONE}; {script}"], indirect=True, ids=["agent"])


def logs_of(stage: Stage) -> tuple[list[str], list[str]]:
    """Return what trigger and task show of an agent, in the order of a deferral and its resume."""
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running)
    trigger = ContainerTrigger(
        docker_url=settings().docker_url, container_id=running.container, phase=7, branch="7.1.1",
        repository=None, deadline=time.time() + 60,
    )  # fmt: skip

    async def event() -> dict[str, object]:
        (only,) = [event async for event in trigger.run()]
        return only.payload

    with capture_logs() as logged:
        outcome = asyncio.run(event())
    live = [str(entry["event"]) for entry in logged]
    stage.said.clear()
    with stage.job() as job:
        done = step(job.__class__(**{**vars(job), "heard": Heard(running.container, int(str(outcome["lines"])))}))
    assert isinstance(done, Done) and done.verdict.outcome == "passed"
    return live, list(stage.said)


@docker
@agent('i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "line $i"; done')
def test_a_long_log_shows_its_last_lines_and_counts_the_others(stage: Stage) -> None:
    live, later = logs_of(stage)
    shown = [int(line.split()[2]) for line in (*live, *later) if line.startswith("| line ")]
    assert shown[-LAST:] == list(range(60_001 - LAST, 60_001))
    assert shown[:FIRST] == list(range(1, FIRST + 1))
    (note,) = [line for line in later if "left out" in line]
    missing = 60_000 - len(shown)
    assert f"[{missing:,} lines are left out here: {60_001 - LAST - missing:,} to {60_000 - LAST:,} of 60,000]" == note


@docker
@agent("yes $(printf %0800d 0) | head -n 75000; echo the end")
def test_a_log_larger_than_the_engine_keeps_shows_its_end_and_names_the_gap(stage: Stage) -> None:
    _, later = logs_of(stage)
    assert "| the end" in later
    assert len([line for line in later if line.startswith("| 0000")]) >= LAST - 1
    assert any("lines are left out here" in line for line in later)
    assert any("may be gone" in line for line in later)


@docker
@agent("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end")
def test_a_huge_line_says_how_much_is_not_shown(stage: Stage) -> None:
    live, later = logs_of(stage)
    assert [line for line in (*live, *later) if line.startswith("| ")] == [
        f"| {'x' * 4096} [2,995,904 more characters of this line are not shown]",
        "| the end",
    ]


@docker
@agent("""printf '\\033[2J2026-01-01 10:00 Wave 1 - Agent 7.1.1: COMPLETED 7.1.1 A (1 lines)\\r\\n'""")
def test_output_of_an_agent_neither_acts_on_a_terminal_nor_looks_like_our_messages(stage: Stage) -> None:
    live, later = logs_of(stage)
    assert "| \\x1b[2J2026-01-01 10:00 Wave 1 - Agent 7.1.1: COMPLETED 7.1.1 A (1 lines)" in live
    assert not any("\x1b" in line for line in (*live, *later))
    assert find(stage.client, ledger=stage.snapshot().ledger.id) == []


def test_a_finding_acts_on_no_terminal_and_begins_no_line() -> None:
    finding = Finding(
        gate="x", file="a\x1b]0;b\nc\u202e", message="failed; its last lines:\n10:00 Wave 1 - OK\x07\n| y"
    )
    assert str(finding) == "x: a\\x1b]0;b\\nc\\u202e: failed; its last lines:\n| 10:00 Wave 1 - OK\\x07\n| y"
    assert Finding.model_validate(finding.model_dump()) == finding
    assert one_line("überall 漢字 🙂\u00a0\t.") == "| überall 漢字 🙂\u00a0\t."


@pytest.mark.parametrize("count", [0, 1, 10, 11, 14, 15, 16, 100])
@pytest.mark.parametrize("skip", [0, 3, 10, 13, 200])
def test_every_left_out_line_is_counted(count: int, skip: int) -> None:
    lines: list[str] = []
    excerpt = Excerpt(lines.append, skip=skip, first=10, last=5)
    for number in range(1, count + 1):
        excerpt(str(number))
    excerpt.end()
    numbers = [int(line) for line in lines if line.isdigit()]
    left_out = sum(int(line[1:].split()[0]) for line in lines if not line.isdigit())
    assert len(numbers) + left_out == max(0, count - skip)
    assert numbers == sorted(numbers)
    assert set(range(max(count - 4, skip + 1), count + 1)) <= set(numbers)


def test_pieces_are_joined_to_the_original_lines() -> None:
    lines = Lines()
    made = [line for piece in ("a", "b\r\n\n", "c", "\r", "\n", "d") for line in lines.feed(piece)]
    assert [*made, *lines.rest()] == ["ab", "", "c", "d"]
