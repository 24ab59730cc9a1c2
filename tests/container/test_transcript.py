"""What an agent said, taken out of its ended container: bounded, without secrets, and never trusted."""

from __future__ import annotations

import io
import random
import tarfile
import time
import zlib
from collections.abc import Iterator

import docker
import pytest

from phaseplan.config.settings import settings
from phaseplan.containers import engine, transcript
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import follow
from phaseplan.containers.redact import Redactor
from phaseplan.containers.tarball import TooLarge, members
from phaseplan.containers.transcript import PLACE, redacted, take

SECRET = "hunter2-of-this-test"


def packed(text: bytes) -> bytes:
    pack = zlib.compressobj(6, zlib.DEFLATED, 31)
    return pack.compress(text) + pack.flush()


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"phaseplan-events/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def spec(command: tuple[str, ...], labels: Labels) -> engine.Spec:
    return engine.Spec("debian:bookworm-slim", labels, "1000:1000", 1 << 26, command=command)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_secret_across_pieces_is_replaced(size: int) -> None:
    data = f"begin {SECRET} middle é{SECRET}{SECRET} end".encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert "".join(redacted(pieces, Redactor([SECRET]))) == "begin *** middle é****** end"


def test_what_unpacks_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "_PLAIN", 3 << 20)
    began = time.process_time()
    bomb = {"old.gz": packed(b"x" * (40 << 20)), "new.gz": packed(b"y" * 10)}
    assert len("".join(redacted(transcript._unpacked(bomb), Redactor([SECRET])))) <= 3 << 20
    assert time.process_time() - began < 20


def test_a_file_that_breaks_off_is_read_up_to_there() -> None:
    pack = zlib.compressobj(6, zlib.DEFLATED, 31)
    text = random.Random(1).randbytes(4000).hex().encode()
    whole = pack.compress(text) + pack.flush(zlib.Z_SYNC_FLUSH)
    files = {"old.gz": whole + b"\xff" * 2000, "new.gz": packed(b"two\n")[:-6]}
    first, _, second = b"".join(transcript._unpacked(files)).rpartition(b"two\n")
    assert text.startswith(first) and len(first) > len(text) - 3000 and second == b""
    assert list(transcript._unpacked({"old.gz": b"no gzip", "other": b"x"})) == []


def test_an_archive_is_bounded_before_it_is_read() -> None:
    data = archive(missing=b"12", old=b"x" * 5000)
    assert members(iter([data]), 1 << 20) == {"missing": b"12", "old": b"x" * 5000}
    asked = 0

    def pieces() -> Iterator[bytes]:
        nonlocal asked
        for at in range(0, len(data), 512):
            asked += 512
            yield data[at : at + 512]

    with pytest.raises(TooLarge):
        members(pieces(), 2048)
    assert asked < 4096


#: By what the agent's program does: how many lines of its log, and what raw events, are kept.
PROGRAMS = {
    "events": (f"mkdir -p {PLACE}; printf 'a {SECRET}\\nb\\n' | gzip > {PLACE}/new.gz; printf 3 > {PLACE}/missing; "
               f"echo said {SECRET}", ["said ***"], '{"phaseplan": "3 lines before these are not kept"}\na ***\nb\n'),
    "none": ("echo one; echo two", ["one", "two"], ""),
    "a link": (f"ln -s /etc {PLACE}; echo x", ["x"], ""),
    "too much": (f"mkdir -p {PLACE}; head -c 9000000 /dev/urandom > {PLACE}/new.gz; echo x", ["x"], ""),
    "rubbish": (f"mkdir -p {PLACE}/new.gz; echo -1 > {PLACE}/missing; echo x", ["x"], ""),
    "silence": ("true", None, None),
}  # fmt: skip


@pytest.mark.docker
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_read_from_an_ended_container(name: str) -> None:
    script, lines, events = PROGRAMS[name]
    client: docker.DockerClient = engine.connect(settings().docker_url)
    labels = Labels("transcript-test", 5, "5.1.1", 1, "run-1", "agent")
    made = engine.create(client, spec(("sh", "-c", script), labels))
    try:
        engine.start(client, made)
        assert follow(client, made, lambda _: None, 60)
        said = take(client, made, Redactor([SECRET]))
    finally:
        engine.remove(client, made)
    if lines is None:
        assert said is None
        return
    assert said is not None and said.text.decode().splitlines() == lines and said.events.decode() == events
    assert (said.kept.lines, said.kept.events) == (len(lines), 2 if events else 0)


@pytest.mark.docker
def test_of_a_long_log_the_end_is_kept_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "_TEXT", 50)
    client: docker.DockerClient = engine.connect(settings().docker_url)
    labels = Labels("transcript-test", 5, "5.1.1", 1, "run-1", "agent")
    made = engine.create(client, spec(("seq", "1000", "1100"), labels))
    try:
        engine.start(client, made)
        assert follow(client, made, lambda _: None, 60)
        said = take(client, made, Redactor([]))
    finally:
        engine.remove(client, made)
    assert said is not None
    head, *end = said.text.decode().splitlines()
    assert head == "[what the agent said before is not kept here: see the task's log]" and end == [
        str(n) for n in range(1091, 1101)
    ]
