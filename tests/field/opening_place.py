"""A target, a folder of plans, and what `open_phase` says there."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk.exceptions import AirflowFailException

from phaseplan.airflow.operators.phase import OpenPhaseOperator
from tests.git.lab import PHASE, Lab

IMAGE = "debian:bookworm-slim"


class Place:
    """A target, a folder of plans, and what `open_phase` says there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab, self.folder, self._patch = Lab(folder), folder, monkeypatch
        self.agent = f"worker-{uuid.uuid4().hex[:8]}"  # of this test only: other tests open phases on the same engine
        self.profile: dict[str, Any] = {"image": IMAGE, "command": ["sh", "-c", "true"]}
        self.plan: dict[str, Any] = {
            "phase": PHASE,
            "title": "Ahead",
            "agent": self.agent,
            "waves": [{"wave": 1, "branches": [self.branch("5.1.1", "feature/x"), self.branch("5.1.2", "other")]}],
        }
        (folder / "plans").mkdir()
        for key, value in (
            ("plans", folder / "plans"),
            ("agents", folder / "agents.yaml"),
            ("state", folder / "state"),
        ):
            monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(value))
        self.at(str(self.lab.url))

    @staticmethod
    def branch(id_: str, name: str) -> dict[str, Any]:
        return {"id": id_, "branch": name, "title": "T", "owns": [f"{id_}/"]}

    def at(self, url: str) -> None:
        self._patch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", url)

    def open(self) -> dict[str, Any]:
        """Execute the real operator."""
        (self.folder / "plans" / "phase-05.yaml").write_text(yaml.safe_dump(self.plan))
        (self.folder / "agents.yaml").write_text(yaml.safe_dump({self.agent: self.profile}))
        pushed: dict[str, Any] = {}
        instance = SimpleNamespace(max_tries=3, xcom_push=lambda key, value: pushed.update({key: value}))
        params = {"base": "main", "start": "dependencies", "branches": [], "agent": None, "rebuild": "auto"}
        context = {"params": params, "dag_run": SimpleNamespace(run_id="run-1"), "ti": instance}
        OpenPhaseOperator(task_id="open_phase", phase=PHASE).execute(context)
        return pushed

    def refused(self, *words: str) -> str:
        """Open it: it fails for good, without a wait, with the words in the first sentence, and leaves nothing."""
        before, begun = self.lab.refs(), time.monotonic()
        with pytest.raises(AirflowFailException) as raised:
            self.open()
        assert time.monotonic() - begun < 60
        first = str(raised.value).split(". Next: ")[0]
        assert all(word in first for word in words), str(raised.value)
        assert self.lab.refs() == before, "nothing was opened"
        return str(raised.value)
