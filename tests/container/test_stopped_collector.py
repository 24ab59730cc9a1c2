"""A collector stopped from outside gives no finding; one that dies inside is the fault of the workspace's content."""

from __future__ import annotations

import pytest

from phaseplan.containers import copy_out, engine
from phaseplan.errors import Infrastructure
from tests.container.conftest import Story

pytestmark = pytest.mark.docker


def programs(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the collector run some other program."""
    shell, option, line, name = copy_out._RUN
    monkeypatch.setattr(copy_out, "_RUN", (shell, option, line.replace('python3 -m collector "$1"', script), name))


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_collector_stopped_from_outside_is_retried_without_a_finding(
    story: Story, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    story.agent("echo new > src/a.txt")
    with monkeypatch.context() as patch:
        programs(patch, "sleep 1000")
        start = engine.start

        def start_and_end(client: object, container: str) -> None:
            start(story.client, container)
            getattr(story.client.api, how)(container)

        patch.setattr(engine, "start", start_and_end)
        with pytest.raises(Infrastructure, match="stopped from outside"):
            story.collect()
    collected = story.collect()
    assert collected.findings == () and story.text(collected.raw, "src/a.txt") == "new\n"


def test_files_are_collected_after_a_collector_was_killed_inside(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a kernel that does not say who ran out of memory."""
    story.agent("echo new > src/a.txt")
    programs(monkeypatch, """if [ "$1" = commits ]; then sh -c 'kill -9 $$'; else python3 -m collector "$1"; fi""")
    collected = story.collect()
    assert story.text(collected.raw, "src/a.txt") == "new\n"
    assert "was killed, probably for want of memory" in str(collected.findings[0])
