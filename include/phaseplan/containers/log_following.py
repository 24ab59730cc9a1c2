"""Follow a container's log until it ends, in bounded memory."""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import docker

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.lines import Lines
from phaseplan.containers.lost_end import INTERVAL, settle
from phaseplan.containers.redact import Redactor

Sink = Callable[[str], None]


@dataclass(frozen=True)
class Exit:
    """Hold how a container ended. Times as the engine writes them.

    `oom` is what the engine noticed; on some kernels it notices nothing, and only code 137 (killed) is left.
    `stopped`: see `engine.Found`.
    """

    code: int
    oom: bool
    started: str
    finished: str
    stopped: bool = False


def memory_hint(code: int | None, oom: bool, limit: int) -> str:
    """Return what to add to a message about an exit code if memory (limit in bytes) was, or may be, the cause."""
    if oom:
        return f", the container ran out of memory (limit {limit >> 20} MiB)"
    return f", killed inside: by itself, or perhaps out of memory (limit {limit >> 20} MiB)" if code == 137 else ""


@dataclass
class Cursor:
    """Remember how far a log was read: the engine's stamp of the last line, where a later reader continues."""

    stamp: str = ""


def follow(
    client: docker.DockerClient,
    container_id: str,
    sink: Sink,
    seconds: float | None = None,
    *,
    redact: Redactor | None = None,
    cursor: Cursor | None = None,
) -> Exit | None:
    """Pass every log line of a started container to `sink` until it ends.

    :param seconds: give up waiting after so long; None waits for ever.
    :param redact: what must not show.
    :param cursor: where to begin, and afterwards where it stopped.
    :return: how the container ended, or None if it still runs.
    """
    place = cursor or Cursor()
    deadline = None if seconds is None else time.monotonic() + seconds
    checked_at = time.monotonic()
    while True:
        pause = checked_at + INTERVAL  # nothing ends the log of a container whose end the engine has missed
        _stream(client, container_id, sink, pause if deadline is None else min(pause, deadline), place, redact)
        if time.monotonic() >= pause:
            settle(client, container_id)
            checked_at = time.monotonic()
        container = engine.look(client, container_id)
        if container.status == "exited":
            read(client, container_id, sink, redact, cursor=place)
            return Exit(
                int(container.exit_code or 0),
                container.oom,
                container.started_at,
                container.finished_at,
                container.stopped,
            )
        if deadline is not None and time.monotonic() >= deadline:
            return None
        time.sleep(0.2)  # the stream ended before the container did: the engine rotated the log, or is about to say so


def read(
    client: docker.DockerClient,
    container_id: str,
    sink: Sink,
    redact: Redactor | None = None,
    *,
    cursor: Cursor | None = None,
    tail: int | Literal["all"] = "all",
) -> None:
    """Pass on what a log holds now, from the cursor on, or about its last `tail` lines."""
    place = cursor or Cursor()
    with engine_errors():
        options: dict[str, Any] = {"stream": True, "timestamps": True, "since": _since(place), "tail": tail}
        frames = client.api.logs(container_id, follow=False, **options)
        for line in lines(frames, place, redact):
            sink(line)


def _stream(
    client: docker.DockerClient,
    container_id: str,
    sink: Sink,
    until: float,
    place: Cursor,
    redact: Redactor | None,
) -> None:
    with engine_errors():
        frames = client.api.logs(container_id, stream=True, follow=True, timestamps=True, since=_since(place))
    closer = threading.Timer(max(0.0, until - time.monotonic()), frames.close)
    closer.daemon = True
    closer.start()
    try:
        with engine_errors():
            for line in lines(frames, place, redact):
                sink(line)
    finally:
        closer.cancel()
        frames.close()


def _since(place: Cursor) -> int | None:
    """Return the whole second of the cursor; lines of that second that were read already are skipped by stamp."""
    return int(datetime.fromisoformat(place.stamp[:19] + "+00:00").timestamp()) if place.stamp else None


def lines(frames: Iterable[bytes], place: Cursor, redact: Redactor | None = None) -> Iterator[str]:
    """Make lines from stamped frames; of a long line, which has many frames, the first 4,096 characters are shown."""
    start = place.stamp
    cutter, decoder = Lines(redact), codecs.getincrementaldecoder("utf-8")("replace")
    for frame in frames:
        stamp, _, data = frame.partition(b" ")
        when = stamp.decode("ascii", "replace")
        if start and _order(when) <= _order(start):
            continue
        place.stamp = when
        yield from cutter.feed(decoder.decode(data, final=data.endswith(b"\n")))
    yield from cutter.rest()


def _order(stamp: str) -> tuple[str, str]:
    """Return a key that sorts stamps: RFC 3339 drops trailing zeros of the fraction, so it is filled up."""
    return stamp[:19], stamp[20:].rstrip("Z").ljust(9, "0")
