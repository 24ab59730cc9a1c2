"""Further nights of phases that are complete: triggered in one Airflow, each with the containers that it started."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phaseplan.cli.local_airflow.api import Api
from tests.end_to_end.night import git
from tests.end_to_end.place import Place
from tests.end_to_end.world import ended, insist
from tests.engine_events import Events


@dataclass(frozen=True)
class Evening:
    """What one further run came to."""

    state: str  # of the DAG run
    ledger: dict[str, Any]
    containers: tuple[tuple[str, str], ...]  # (branch, role), in the order in which they were made

    @property
    def due(self) -> dict[str, str]:
        """What opening decided, by branch."""
        return {branch: due["kind"] for branch, due in self.ledger["run"]["due"].items()}

    def begun(self, role: str) -> list[str]:
        """Branches (or what stands in their place) for which such a container was made."""
        return sorted(branch for branch, found in self.containers if found == role)


@dataclass
class Evenings:
    """An Airflow in which phases are run again."""

    api: Api
    place: Place
    events: Events
    count: int = 0
    known: dict[str, int] = field(default_factory=dict)  # containers that earlier evenings made, by ledger

    def again(self, phase: int) -> Evening:
        """Trigger the phase and wait for its end."""
        return self.seen(phase, ended(self.api, phase, self._trigger(phase), 300))

    def begin(self, phase: int, branches: list[str]) -> None:
        """Trigger the phase and wait until the agent of one of these branches is at work."""
        labels, ledger = {"role": "agent"}, self._ledger(phase)["id"]
        before = {branch: self._starts(ledger, branch=branch, **labels) for branch in branches}
        self._trigger(phase)
        deadline = time.monotonic() + 200
        while all(self._starts(ledger, branch=branch, **labels) == count for branch, count in before.items()):
            assert time.monotonic() < deadline, f"no agent of {branches} began"
            time.sleep(0.2)

    def runs(self, phase: int) -> list[Any]:
        """All runs of the phase that Airflow knows."""
        return list(insist(lambda: self.api.call("GET", f"/dags/phase_{phase:02d}/dagRuns"))["dag_runs"])

    def seen(self, phase: int, state: str) -> Evening:
        """What a run has come to by now."""
        ledger = self._ledger(phase)
        return Evening(state, ledger, tuple(self._made(ledger["id"])))

    def _trigger(self, phase: int) -> str:
        self.count += 1
        run = f"again-{self.count}"
        insist(lambda: self.api.trigger(f"phase_{phase:02d}", run, {}))
        return run

    def _starts(self, ledger: str, **labels: str) -> int:
        return len(self.events.containers("start", ledger=ledger, **labels))

    def _made(self, ledger: str) -> list[tuple[str, str]]:
        """Containers of one ledger that the engine has made since the evening before."""
        all_ = self.events.containers("create", ledger=ledger)
        fresh, self.known[ledger] = all_[self.known.get(ledger, 0) :], len(all_)
        found = [event["Actor"]["Attributes"] for event in fresh]
        return [(labels["phaseplan.branch"], labels["phaseplan.role"]) for labels in found]

    def push(self, phase: int, files: dict[str, str]) -> None:
        """Somebody commits to the base."""
        work = self.place.top / f"work-{self.count}-{phase}"
        git(self.place.top, "clone", "-q", str(self.place.repositories[phase]), str(work))
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        git(work, "add", ".")
        git(work, "commit", "-q", "-m", "somebody's work")
        git(work, "push", "-q", "origin", "HEAD:main")

    def edit(self, phase: int, old: str, new: str) -> None:
        """Somebody edits the plan file."""
        file = next(f for f in self._plans() if f"\nphase: {phase}\n" in f.read_text())
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def _plans(self) -> list[Path]:
        return sorted((self.place.home / "plans").glob("*.yaml"))

    def _ledger(self, phase: int) -> dict[str, Any]:
        ref = f"refs/phaseplan/phase-{phase}/ledger:ledger.json"
        return dict(json.loads(git(self.place.repositories[phase], "show", ref)))
