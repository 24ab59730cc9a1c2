"""A try that is resumed on another worker repeats what the first one logged: Airflow shows the last one's log."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow.sdk.log import mask_secret

from phaseplan.airflow.operators import branch_build
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.airflow.operators.story import LINES, WIDTH, Story
from phaseplan.containers.engines.room import EngineFull, Need


def played(host: str, earlier: Any, *lines: str) -> tuple[list[str], Any]:
    """What one process logs, and what it hands on: through JSON, as Airflow does."""
    log: list[str] = []
    story = Story(host)
    story.repeat(earlier, log.append)
    say = story.listen(log.append)
    for line in lines:
        say(line)
    return log, json.loads(json.dumps(story.told()))


def test_each_worker_has_the_whole_story_once() -> None:
    first, story = played("a", (), "one", "two")
    assert first == ["one", "two"]
    second, story = played("b", story, "three")
    assert second == ["Until it was deferred, this try ran on a, and logged there:", "  one", "  two", "three"]
    again, story = played("a", story, "four")
    assert again == ["Until it was deferred, this try ran on b, and logged there:", "  three", "four"], "a has its own"
    last, _ = played("b", story)
    assert last == ["Until it was deferred, this try ran on a, and logged there:", "  four"]


def test_a_long_story_says_how_much_is_left_out() -> None:
    _, story = played("a", (), *(f"{n} {'x' * 1000}" for n in range(LINES + 7)))
    log, _ = played("b", story)
    assert log[1] == "  [7 lines are left out here]" and len(log) == LINES + 2
    assert max(map(len, log)) == WIDTH + 2 and log[-1].startswith(f"  {LINES + 6} x")


def test_what_airflow_masks_does_not_reach_its_database() -> None:
    mask_secret("a-key-of-this-test-0123")
    log, story = played("a", (), "the key is a-key-of-this-test-0123")
    assert "0123" not in json.dumps(story) and log == ["the key is a-key-of-this-test-0123"], "the log masks by itself"


def test_a_deferral_carries_the_story_to_the_next_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> Any:
        raise EngineFull("7.1.1 waits for room", ["a"], Need(1.0, 5))

    monkeypatch.setattr(branch_build, "step", full)
    monkeypatch.setattr(branch_build, "get_hostname", lambda: "worker-1")
    task = BranchBuildOperator(task_id="t", phase=7, branch="7.1.1", image="i")
    with pytest.raises(TaskDeferred) as deferred:
        task._step(cast(Any, None))
    story = cast(Any, deferred.value.kwargs)["story"]
    assert story == [{"hosts": ["worker-1"], "count": 1, "lines": ["7.1.1 waits for room. No attempt is consumed."]}]
    monkeypatch.setattr(branch_build, "get_hostname", lambda: "worker-2")
    other = BranchBuildOperator(task_id="t", phase=7, branch="7.1.1", image="i")
    monkeypatch.setattr(BranchBuildOperator, "execute", lambda self, context: self._told().told())
    handed_on = other.resume_execution("execute_with_room", {"event": {}, "story": story}, cast(Any, {}))
    assert handed_on[0]["hosts"] == ["worker-1", "worker-2"], "which repeats it once"
