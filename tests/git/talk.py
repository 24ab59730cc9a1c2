"""Counts every call of git that talks to a target: a program before git on PATH writes each call down."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phaseplan.repository.time_limits import verb_of

TALKS = ("ls-remote", "fetch", "push")


class Talk:
    """What was said to targets, task by task: `talk.calls["open"] == ["ls-remote", "fetch", ...]`.

    `talk.every` has the verbs of all gits that were started, those that talk to no target among them.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: dict[str, list[str]] = {}
        self.every: dict[str, list[str]] = {}
        self._log = folder / "calls"
        real = shutil.which("git") or "git"
        before = folder / "before-git"
        before.mkdir()
        # One line a call: verb and options; what follows may be long, and has no line breaks in it.
        said = f'#!/bin/sh\nprintf "%s\\n" "$*" >>{shlex.quote(str(self._log))}\nexec {shlex.quote(real)} "$@"\n'
        (before / "git").write_text(said)
        (before / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{before}:{os.environ['PATH']}")

    @contextmanager
    def during(self, task: str) -> Iterator[list[str]]:
        """Count what is said meanwhile, on top of what the task has said before."""
        self._log.write_text("")
        mine = self.calls.setdefault(task, [])
        yield mine
        said = self._log.read_text(errors="replace").splitlines()
        verbs = [verb_of(line.split()) for line in said]
        self.every.setdefault(task, []).extend(verbs)
        mine += [verb for verb in verbs if verb in TALKS]

    def __str__(self) -> str:
        return "\n".join(f"{task}: {len(said)} ({', '.join(said)})" for task, said in self.calls.items())


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    (tmp_path / "talk").mkdir()
    return Talk(tmp_path / "talk", monkeypatch)
