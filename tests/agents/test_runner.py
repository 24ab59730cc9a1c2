"""What the readers of events make of lines that the command lines have really written."""

from __future__ import annotations

import json
import random
import sys
import zlib
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


def printed(runner: ModuleType, cli: str, *lines: str, code: int = 0) -> Any:
    """Feed lines to the reader of a program that prints for people; what is known then, and the exit code."""
    state = sys.modules["agentrunner.state"].State()
    for text in lines:
        runner._read(f"{text}\n", runner.CLIS[cli], state)
    runner.CLIS[cli].end(state)
    return state, runner.verdict(code, state)


REFUSED = "litellm.AuthenticationError: AuthenticationError: OpenAIException - invalid api key"
TOO_LONG = "litellm.BadRequestError: OpenAIException - prompt is too long: 210000 tokens > 200000 maximum"
USED = "Tokens: 1.2k sent, 56 received."


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        (["Done.", USED, "Applied edit to a"], 0, ""),
        (["BLOCKED: the types of 5.1.1", USED], 75, "the types of 5.1.1"),
        ([USED, REFUSED], 69, "the provider refuses the key (401"),
        ([REFUSED, USED], 0, ""),
        (["litellm.RateLimitError: RateLimitError: slow down", "Retrying in 0.2 seconds..."], 69, "nobody in now (429"),
        (["litellm.InternalServerError: InternalServerError: Connection error."], 69, "in trouble (500"),
        (["litellm.Timeout: no answer"], 69, "cannot be reached"),
        ([TOO_LONG], 1, "the context is too long"),
        (["Model openai/scripted has hit a token limit!"], 1, "the context is too long"),
        (["litellm.NotFoundError: no such model"], 1, "no such model"),
    ],
)
def test_aider_exits_with_0_whatever_its_provider_says(
    runner: ModuleType, capsys: pytest.CaptureFixture[str], lines: list[str], code: int, words: str
) -> None:
    assert printed(runner, "aider", *lines)[1] == code
    assert words in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("status", "lines", "code", "words"),
    [
        ("Submitted", [REFUSED], 0, ""),
        ("Submitted", ["fine"], 0, ""),
        ("LimitsExceeded", ["fine"], 1, "it ended with LimitsExceeded"),
        ("RateLimitError", ["litellm.exceptions.RateLimitError: slow down"], 69, "nobody in now (429"),
        ("BadRequestError", [TOO_LONG], 1, "the context is too long"),
    ],
)
def test_mini_swe_agent_says_in_its_trajectory_how_it_ended(
    runner: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    status: str, lines: list[str], code: int, words: str,
) -> None:  # fmt: skip
    usage = {"prompt_tokens": 1200, "completion_tokens": 34, "prompt_tokens_details": {"cached_tokens": 200}}
    answer = {"extra": {"response": {"usage": usage}, "cost": 0.5}}
    messages = [{"role": "user"}, answer, {"extra": {"response": "unreadable"}}, answer]
    file = tmp_path / "trajectory.json"
    file.write_text(json.dumps({"info": {"exit_status": status, "submission": "Done."}, "messages": messages}))
    monkeypatch.setattr(runner.CLIS["mini-swe-agent"], "_TRAJECTORY", str(file))
    state, given = printed(runner, "mini-swe-agent", *lines, code=1 if code else 0)
    assert given == code and words in capsys.readouterr().out.splitlines()[-1]
    assert str(state.usage) == "2,400 tokens in (400 of them cached), 68 out, $1.0000"


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


def kept(folder: Path) -> tuple[str, int]:
    """Unpack what is in the folder, as far as it is whole; also how many lines are said to be missing."""
    text = b""
    for name in ("old.gz", "new.gz"):
        data = (folder / name).read_bytes() if (folder / name).is_file() else b""
        text += zlib.decompressobj(31).decompress(data)
    missing = folder / "missing"
    return text.decode(), int(missing.read_text()) if missing.is_file() else 0


def test_what_a_command_line_prints_is_on_disk_line_by_line(runner: ModuleType, tmp_path: Path) -> None:
    events = sys.modules["agentrunner.events"].Events(str(tmp_path / "e"))
    events.add('{"type": "a\u00e9"}\n')
    events.add("no JSON\n")
    assert kept(tmp_path / "e") == ('{"type": "a\u00e9"}\nno JSON\n', 0), "the container may be killed now"


def test_of_a_long_run_the_end_is_kept_and_every_other_line_counted(runner: ModuleType, tmp_path: Path) -> None:
    events = sys.modules["agentrunner.events"].Events(str(tmp_path), packed=4000)
    lines = [f"{n} {random.Random(n).randbytes(100).hex()}\n" for n in range(1000)]
    for line in lines:
        events.add(line)
    text, missing = kept(tmp_path)
    assert missing > 0 and text == "".join(lines[missing:]) and len(text) > 4000
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2 * 4000 + 1000


def test_lines_that_pack_well_and_lines_without_end_are_bounded(runner: ModuleType, tmp_path: Path) -> None:
    module = sys.modules["agentrunner.events"]
    events = module.Events(str(tmp_path), plain=10_000)
    for _ in range(100):
        events.add("x" * 999 + "\n")
    events.add("y" * (module.LONGEST + 1))
    text, missing = kept(tmp_path)
    assert (len(text), missing) == (10_000, 91)


def test_a_disk_that_is_full_does_not_stop_an_agent(runner: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    events = sys.modules["agentrunner.events"].Events(str(tmp_path / "file"))
    events.add("one\n")
    events = sys.modules["agentrunner.events"].Events(str(tmp_path / "e"), packed=1)
    (tmp_path / "e" / "new.gz").unlink()
    events.add("one\n")
    events.add("two\n")
