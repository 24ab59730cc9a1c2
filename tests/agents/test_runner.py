"""What the readers of events make of lines that the command lines have really written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RUNNER = Path(__file__).resolve().parents[2] / "images/agents/runner"
RETRY = {"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "error": "overloaded"}
RESULT = {"type": "result", "is_error": True, "result": "API Error: 529", "api_error_status": 529}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program of the images."""
    monkeypatch.syspath_prepend(str(RUNNER))
    import importlib

    return importlib.import_module("agentrunner.__main__")


def read(runner: ModuleType, cli: str, *events: dict[str, Any], code: int = 1) -> int:
    """Feed events to a reader; the exit code that follows."""
    state = sys.modules["agentrunner.state"].State()
    for event in events:
        runner._read(json.dumps(event) + "\n", runner.CLIS[cli], state)
    return int(runner.verdict(code, state))


def error(name: str, **data: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"name": name, "data": data}}


@pytest.mark.parametrize(
    ("cli", "events", "code", "words"),
    [
        ("claude-code", [{**RETRY, "error_status": 529}, RESULT], 69, "lets nobody in now (529"),
        (
            "claude-code",
            [{**RETRY, "error_status": None}, {**RESULT, "api_error_status": None}],
            69,
            "cannot be reached",
        ),
        ("claude-code", [{"type": "result", "is_error": True, "result": "max turns"}], 1, "max turns"),
        ("codex", [{"type": "turn.failed", "error": {"message": "unexpected status 402 Payment Required"}}], 69, "402"),
        (
            "codex",
            [{"type": "turn.failed", "error": {"message": "stream disconnected before completion"}}],
            69,
            "reached",
        ),
        ("codex", [{"type": "turn.failed", "error": {"message": "unexpected status 404 Not Found"}}], 1, "404"),
        ("codex", [{"type": "turn.failed", "error": {"message": "the model refused"}}], 1, "the model refused"),
        ("opencode", [error("APIError", statusCode=503, message="overloaded")], 69, "is in trouble (503 overloaded)"),
        ("opencode", [error("APIError", message="Unable to connect")], 69, "cannot be reached (Unable to connect)"),
        ("opencode", [error("ContextOverflowError", message="too long")], 1, "the context is too long"),
        ("opencode", [error("UnknownError", message="odd")], 1, "odd"),
    ],
)
def test_provider_trouble_is_told_from_the_agents_own(
    runner: ModuleType,
    capsys: pytest.CaptureFixture[str],
    cli: str,
    events: list[dict[str, Any]],
    code: int,
    words: str,
) -> None:
    assert read(runner, cli, *events) == code
    assert words in capsys.readouterr().out


def test_trouble_that_is_over_is_forgotten(runner: ModuleType) -> None:
    text = {"type": "assistant", "message": {"content": [{"type": "text", "text": "Done."}]}}
    assert read(runner, "claude-code", {**RETRY, "error_status": 429}, text, code=3) == 3


def test_an_event_of_another_version_ends_nothing(runner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(runner, "codex", {"type": "item.completed", "item": ["odd"]}, code=0) == 0
    assert "an event that this version does not know" in capsys.readouterr().out


def test_a_failure_that_the_program_hides_is_one(runner: ModuleType) -> None:
    assert read(runner, "opencode", error("UnknownError", message="odd"), code=0) == 1


def test_a_key_that_is_refused_again_and_again_is_not_asked_with_for_minutes(runner: ModuleType) -> None:
    state = sys.modules["agentrunner.state"].State()
    for _ in range(3):
        assert not state.hopeless
        state.troubled(401, "authentication_failed")
    assert state.hopeless


@pytest.mark.parametrize(
    ("text", "code", "last"),
    [
        ("I looked.\nBLOCKED: the types of 5.1.2 are missing", 75, "the types of 5.1.2 are missing"),
        ("**BLOCKED:** no schema", 75, "no schema"),
        ("BLOCKED: once\nNow it works.", 0, "Now it works."),
        ("Nothing was blocked: done", 0, "Nothing was blocked: done"),
    ],
)
def test_last_words_that_say_blocked_are_exit_code_75(
    runner: ModuleType, capsys: pytest.CaptureFixture[str], text: str, code: int, last: str
) -> None:
    assert (
        read(runner, "codex", {"type": "item.completed", "item": {"type": "agent_message", "text": text}}, code=0)
        == code
    )
    assert capsys.readouterr().out.splitlines()[-1] == last
