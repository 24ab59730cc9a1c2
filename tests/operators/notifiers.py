"""Notifiers for the tests: they write to a file, fail, hang, or are none."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from airflow.sdk import BaseNotifier

HANGING = threading.Event()  # set by the test that let one hang


class ToFile(BaseNotifier):
    """Appends its rendered text to a file."""

    template_fields = ("text",)

    def __init__(self, *, path: str, text: str) -> None:
        super().__init__()
        self.path, self.text = path, text

    def notify(self, context: Any) -> None:
        with Path(self.path).open("a") as file:
            file.write(f"{self.text!r}\n")


class Later(ToFile):
    """Knows only the triggerer's way."""

    notify = BaseNotifier.notify

    async def async_notify(self, context: Any) -> None:
        Path(self.path).write_text(f"later: {self.text}")


class Failing(BaseNotifier):
    """Fails the way a web hook does: with its secret address in the message."""

    def __init__(self, *, url: str) -> None:
        super().__init__()
        self.url = url

    def notify(self, context: Any) -> None:
        raise ConnectionError(f"no answer from {self.url}")


class Hanging(BaseNotifier):
    """Waits for a server that never answers."""

    def notify(self, context: Any) -> None:
        HANGING.wait()


class NoNotifier:
    """Something else that can be imported and called."""

    def __init__(self, path: str) -> None:
        Path(path).write_text("made")
