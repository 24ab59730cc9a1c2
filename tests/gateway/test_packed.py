"""Answers that come packed though nobody asked for it: counted, and without the key."""

from __future__ import annotations

import gzip
import http.client
import importlib
import json
import zlib
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway import scripted
from tests.gateway.conftest import KEY, MODEL, TOKEN, Start
from tests.gateway.test_readers import cut, module, once

__all__ = ["module"]
PATH = "/v1/messages"


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "deflate without a head": bare}


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_a_packed_answer_is_unpacked_counted_and_has_no_key(
    start: Start, provider: scripted.Provider, name: str, streams: bool
) -> None:
    gateway = start()
    body = b"".join(scripted.events(PATH)) if streams else json.dumps(scripted.whole(PATH)).encode()
    body = body.replace(b"Done.", KEY.encode())
    kind = "text/event-stream" if streams else "application/json"
    headers = {"Content-Encoding": name.split()[0], "Content-Type": kind}
    provider.script.append(lambda handler: handler.say(200, PACKERS[name](body), headers))
    answer = gateway.message(stream=streams)
    assert answer.body == body.replace(KEY.encode(), b"*" * len(KEY)) and "content-encoding" not in answer.headers
    assert provider.asked[0].headers["accept-encoding"] == "identity"
    assert gateway.usage()["models"][MODEL] | {"usd": 0} == {**scripted.TOKENS, "usd": 0}
    assert gateway.usage()["answered"] == 1


def test_a_packed_error_is_read(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    body = gzip.compress(json.dumps({"error": {"message": f"no such key: {KEY}"}}).encode())
    provider.script.append(lambda handler: handler.say(401, body, {"Content-Encoding": "gzip"}))
    answer = gateway.message()
    assert answer.status == 401 and answer.json["error"]["message"] == f"no such key: {'*' * len(KEY)}"
    assert gateway.usage()["trouble"]["message"] == f"no such key: {'*' * len(KEY)}"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br"])
def test_an_answer_in_an_unknown_encoding_is_trouble_and_is_not_asked_for_again(
    start: Start, provider: scripted.Provider, coding: str
) -> None:
    gateway = start()
    provider.script.append(lambda handler: handler.say(200, b"\x8b\x02\x80", {"Content-Encoding": coding}))
    answer = gateway.message()
    assert answer.status == 503 and answer.json["error"]["type"] == "provider_unreadable"
    assert f"encoding {coding}" in answer.json["error"]["message"] and len(provider.asked) == 1
    usage = gateway.usage()
    assert usage["trouble"]["status"] == 0 and usage["models"][MODEL]["input"] > 0, "it may have done the work"


def test_the_status_of_an_error_counts_whatever_its_encoding(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    provider.script.append(lambda handler: handler.say(401, b"\x8b\x02\x80", {"Content-Encoding": "br"}))
    assert gateway.message().status == 401
    assert gateway.usage()["trouble"]["status"] == 401


def test_a_damaged_answer_is_broken_off(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    body = bytearray(gzip.compress(json.dumps(scripted.whole(PATH)).encode()))
    body[12:20] = b"\xff" * 8
    provider.script.append(lambda handler: handler.say(200, bytes(body), {"Content-Encoding": "gzip"}))
    connection = gateway.connect()
    connection.request("POST", PATH, json.dumps({"model": MODEL}), {"x-api-key": TOKEN})
    answer = connection.getresponse()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        answer.read()
    answer.close()
    connection.close()
    gateway.wait_for(lambda: gateway.usage()["calls"] == 1)
    assert gateway.usage()["trouble"]["message"] == "its packed answer is damaged"


@pytest.mark.parametrize("more", [-1, 0, 1, len(KEY) - 1])
def test_a_key_where_a_long_error_is_cut_does_not_pass_in_part(
    start: Start, provider: scripted.Provider, more: int
) -> None:
    gateway = start()
    text = b"x" * ((64 << 10) - len(KEY) + more) + KEY.encode() + b"y" * 1000
    provider.script.append(lambda handler: handler.say(400, text, {"Content-Type": "text/plain"}))
    body = gateway.message().body
    assert len(body) == 64 << 10 and KEY[:3].encode() not in body


@pytest.mark.parametrize("module", ["decoding"], indirect=True)
@pytest.mark.parametrize("packer", [*PACKERS.values(), lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])])
@given(data=st.binary(max_size=300), places=st.lists(st.integers(0, 400), max_size=9))
@once
def test_what_is_packed_is_the_same_wherever_it_is_cut(
    module: ModuleType, packer: Callable[[bytes], bytes], data: bytes, places: list[int]
) -> None:
    unpack = module.decoder("gzip")
    assert b"".join(piece for part in cut(packer(data), places) for piece in unpack.feed(part)) == data


def test_a_small_answer_that_is_a_large_one_comes_in_pieces(gateway_code: None) -> None:
    unpack = importlib.import_module("gateway.decoding").decoder("gzip")
    sizes = [len(piece) for piece in unpack.feed(gzip.compress(bytes(5_000_000)))]
    assert sum(sizes) == 5_000_000 and max(sizes) <= 64 << 10
