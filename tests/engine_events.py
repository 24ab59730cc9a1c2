"""Follow the events of a Docker engine from a known moment on.

An engine remembers its last 256 events only, so asking it afterwards misses some on a busy machine. A follower connects
first, proves with an event of its own that it hears the engine, and proves it again before anybody looks at the result.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]
_MARK = "phaseplan-test-mark-"
_TRIES = 12  # marks; one that falls into a gap of the stream is never heard
_PATIENCE = 10.0  # seconds for each


def _nothing() -> None:
    """Do nothing."""


class Events:
    """All events of one engine, from the construction on, over the death of the engine.

    :param url: the engine; empty: the one that `docker` takes.
    :param heard: called with each event about a container, in the follower's thread.
    :param gap: called when an engine that went away answers again: what happened meanwhile nobody will ever tell.
    """

    def __init__(
        self, url: str = "", *, heard: Callable[[Event], None] | None = None, gap: Callable[[], None] = _nothing
    ) -> None:
        self._docker = ["docker", *(["-H", url] if url else [])]
        self._heard, self._gap = heard, gap
        self._events: list[Event] = []
        self._marks: set[str] = set()
        self._news = threading.Condition()
        self._closed = threading.Event()
        self._stream: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        self.settle()

    def containers(self, action: str, **labels: str) -> list[Event]:
        """Everything so far that happened to containers with these Phaseplan labels."""
        self.settle()
        wanted = {f"phaseplan.{key}": value for key, value in labels.items()}
        with self._news:
            return [
                e for e in self._events if e["Action"] == action and wanted.items() <= e["Actor"]["Attributes"].items()
            ]

    def settle(self) -> None:
        """Wait until everything that has happened by now was heard.

        :raises AssertionError: the engine does not answer, or is not heard.
        """
        for _ in range(_TRIES):
            mark = _MARK + uuid.uuid4().hex
            made = subprocess.run([*self._docker, "volume", "create", mark], capture_output=True, text=True)
            if made.returncode == 0:
                subprocess.run([*self._docker, "volume", "rm", mark], capture_output=True)
                with self._news:
                    if self._news.wait_for(lambda mark=mark: mark in self._marks, _PATIENCE):  # type: ignore[misc]
                        return
            time.sleep(0.5)
        raise AssertionError(f"the events of the engine are not heard: {made.stderr}")

    def close(self) -> None:
        """Stop following."""
        self._closed.set()
        if self._stream is not None:
            self._stream.terminate()
        self._thread.join(10)

    def _follow(self) -> None:
        while not self._closed.is_set():
            command = [*self._docker, "events", "--format", "{{json .}}"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as stream:
                self._stream = stream
                assert stream.stdout is not None
                for line in stream.stdout:
                    self._note(json.loads(line))
            if not self._closed.wait(0.2):
                self._gap()

    def _note(self, event: Event) -> None:
        if event["Type"] == "container" and self._heard is not None:
            self._heard(event)
        with self._news:
            if event["Type"] == "volume" and event["Actor"]["ID"].startswith(_MARK):
                self._marks.add(event["Actor"]["ID"])
                self._news.notify_all()
            elif event["Type"] == "container":
                self._events.append(event)


@contextmanager
def following(url: str = "") -> Iterator[Events]:
    """Follow an engine for as long as the block runs."""
    events = Events(url)
    try:
        yield events
    finally:
        events.close()
