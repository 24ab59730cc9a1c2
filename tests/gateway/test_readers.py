"""The readers of the gateway, by themselves: events, members of a body, usage, and the key in a stream."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway import scripted

KEY = "sk-aab-aabaac"
once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(["model", "stream", "x", 'quo"te', "b\\s", "{", ":"]), json_values)


@pytest.fixture
def module(request: pytest.FixtureRequest, gateway_code: None) -> ModuleType:
    return importlib.import_module(f"gateway.{request.param}")


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at arbitrary places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("module", ["sse"], indirect=True)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), min_size=1, max_size=3)),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.lists(st.integers(0, 10_000), max_size=20),
    st.booleans(),
)
@once
def test_events_are_the_same_wherever_a_stream_is_cut(
    module: ModuleType, events: list[list[str]], end: str, places: list[int], named: bool
) -> None:
    text = "".join(
        ("event: x" + end if named else ": a comment" + end) + "".join(f"data: {line}{end}" for line in lines) + end
        for lines in events
    )
    reader, out = module.Events(), []
    for piece in cut(text.encode(), places):
        out += reader.feed(piece)
    assert out == ["\n".join(lines).encode() for lines in events]


@pytest.mark.parametrize("module", ["sse"], indirect=True)
def test_an_event_without_end_is_passed_over(module: ModuleType) -> None:
    reader = module.Events()
    assert not [event for _ in range(20) for event in reader.feed(b"data: " + b"x" * (1 << 20))]
    assert reader.feed(b"\n\ndata: next\n\n") == [b"next"]


@pytest.mark.parametrize("module", ["headers"], indirect=True)
@given(st.text(alphabet="skab-c", max_size=60), st.lists(st.integers(0, 200), max_size=12), st.booleans())
@once
def test_the_key_never_passes_wherever_a_stream_is_cut(
    module: ModuleType, text: str, places: list[int], inside: bool
) -> None:
    data = (text + KEY + text if inside else text).encode()
    redactor = module.Redactor(KEY)
    out = b"".join([*(redactor.feed(piece) for piece in cut(data, places)), redactor.rest()])
    assert out == data.replace(KEY.encode(), b"*" * len(KEY))


@pytest.mark.parametrize("module", ["headers"], indirect=True)
def test_what_cannot_be_the_key_is_not_held_back(module: ModuleType) -> None:
    redactor = module.Redactor(KEY)
    assert redactor.feed(b"data: hello\n\n") == b"data: hello\n\n"
    assert [redactor.feed(data) for data in (b"bus sk", b"-aa", b"x", b"sk", b"y")] == [
        b"bus ",
        b"",
        b"sk-aax",
        b"",
        b"sky",
    ]


@pytest.mark.parametrize("module", ["members"], indirect=True)
@given(objects, st.sampled_from([None, 0, 3]), st.booleans())
@once
def test_members_are_those_of_the_whole_object(
    module: ModuleType, data: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    body = bytearray(json.dumps(data, indent=indent, ensure_ascii=ascii_only).encode())
    assert module.values(body, {"model", "stream", "{"}) == {
        name: value for name, value in data.items() if name in {"model", "stream", "{"}
    }
    assert json.loads(module.with_member(body, "stream", {"a": 1})) == {**data, "stream": {"a": 1}}
    assert json.loads(module.with_member(body, "other", None)) == {**data, "other": None}


@pytest.mark.parametrize("module", ["members"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"}}}", b'{"model"', b'{"model":', b'{"model":x}', b'"model":1', b"\xff\xfe", b"[" * 10_000],
)
def test_what_is_no_object_has_no_members(module: ModuleType, body: bytes) -> None:
    assert module.values(body, {"model"}) == {}


@pytest.mark.parametrize("module", ["members"], indirect=True)
def test_an_escaped_name_is_the_name(module: ModuleType) -> None:
    assert module.values(rb'{"mod\u0065l": 2, "other": 1, "other": 2}', {"model"}) == {"model": 2}
    with pytest.raises(module.Strange, match="'model' twice"):
        module.values(rb'{"model": 1, "mod\u0065l": 2}', {"model"})


USAGES = [
    ("anthropic", {"input_tokens": 3, "output_tokens": 4}, (3, 4, 0, 0)),
    ("anthropic", {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 5,
                   "cache_creation_input_tokens": None}, (8, 4, 5, 0)),
    ("chat", {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": None}, (3, 4, 0, 0)),
    ("chat", {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 9}}, (3, 4, 3, 0)),
    ("chat", {"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 5}, (9, 4, 5, 0)),
    ("responses", {"input_tokens": 3, "output_tokens": -4}, (3, 0, 0, 0)),
    ("responses", {"input_tokens": True, "output_tokens": "7"}, (0, 0, 0, 0)),
    ("gemini", {"promptTokenCount": 3, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 4}, (5, 4, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("module", ["usage"], indirect=True)
@pytest.mark.parametrize(("protocol", "said", "tokens"), USAGES)
def test_usage_is_read_as_its_provider_means_it(
    module: ModuleType, protocol: str, said: dict[str, Any], tokens: tuple[int, ...]
) -> None:
    meter = module.Meter(protocol, "application/json", 100)
    meter.feed(json.dumps({"usageMetadata" if protocol == "gemini" else "usage": said}).encode())
    assert meter.usage(True) == module.Usage(*tokens)


@pytest.mark.parametrize("module", ["bodies"], indirect=True)
@pytest.mark.parametrize(
    ("text", "megabytes"), [("max", 64), ("67108864", 12), ("1048576", 4), ("9223372036854771712", 64), ("x", 64)]
)
def test_bodies_fit_into_the_memory_of_the_container(
    module: ModuleType, tmp_path: Path, text: str, megabytes: int
) -> None:
    (tmp_path / "limit").write_text(text + "\n")
    assert module.room((str(tmp_path / "nowhere"), str(tmp_path / "limit"))) == megabytes << 20


PATHS = {"anthropic": "/v1/messages", "chat": "/v1/chat/completions", "responses": "/v1/responses", "gemini": "/x"}


@pytest.mark.parametrize("module", ["usage"], indirect=True)
@pytest.mark.parametrize("protocol", PATHS)
@given(places=st.lists(st.integers(0, 10_000), max_size=20))
@once
def test_usage_of_a_stream_is_the_same_wherever_it_is_cut(module: ModuleType, protocol: str, places: list[int]) -> None:
    meter = module.Meter(protocol, "text/event-stream; charset=utf-8", 100)
    for piece in cut(b"".join(scripted.events(PATHS[protocol])), places):
        meter.feed(piece)
    assert meter.usage(True) == module.Usage(150, 7, 30, 20 if protocol == "anthropic" else 0)


@pytest.mark.parametrize("module", ["usage"], indirect=True)
@pytest.mark.parametrize(
    "event", [{"choices": [{"delta": {}, "usage": scripted.CHAT}]}, {"x_groq": {"usage": scripted.CHAT}}]
)
def test_usage_is_found_where_smaller_providers_put_it(module: ModuleType, event: dict[str, Any]) -> None:
    meter = module.Meter("chat", "Text/Event-Stream", 100)
    meter.feed(f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode())
    assert meter.usage(True) == module.Usage(150, 7, 30)


@pytest.mark.parametrize("module", ["usage"], indirect=True)
def test_a_list_that_streams_without_events_is_read(module: ModuleType) -> None:
    parts = [{"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": n}} for n in (1, 2)]
    meter = module.Meter("gemini", "application/json", 100)
    meter.feed(json.dumps(parts).encode())
    assert meter.usage(True) == module.Usage(3, 2)


@pytest.mark.parametrize("module", ["usage"], indirect=True)
@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"usage": 7}', b'{"usage": {}}', b"[" * 100_000])
def test_an_answer_without_usage_is_estimated_and_never_free(module: ModuleType, body: bytes) -> None:
    meter = module.Meter("anthropic", "application/json", 100)
    meter.feed(body)
    assert meter.usage(True) == module.Usage(25, -(-len(body) // 4))
