"""What the UI is shown for: repositories, plans, and what became of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provision.common import TOP
from tests.cron import without_cron
from tests.end_to_end.night import bare, docker, git

HERE = Path(__file__).parent
IMAGE = "phaseplan-test-browser/agent:1"
PHASES = {5: "kcp-lite.git", 70: "small.git", 71: "small.git", 73: "small.git", 74: "small.git"}  # those that get a DAG


@dataclass(frozen=True)
class Place:
    """Folders of one session."""

    top: Path

    @property
    def home(self) -> Path:
        """Airflow's, with the plans in it."""
        return self.top / "home"

    @property
    def plans(self) -> Path:
        """The plan files."""
        return self.home / "plans"

    @property
    def agents(self) -> Path:
        """The agent profiles."""
        return self.top / "agents.yaml"

    def furnish(self) -> None:
        """Image, repositories, plans, profiles."""
        docker("build", "-q", "-t", IMAGE, str(HERE / "agent"))
        subprocess.run([sys.executable, TOP / "samples/create.py", "kcp-lite", self.top / PHASES[5]], check=True)
        (self.top / "content").mkdir()
        (self.top / "content/README.md").write_text("small\n")
        bare(self.top / "small.git", self.top / "content")
        self.plans.mkdir(parents=True)
        for file in (TOP / "include/plans/phase-05.yaml", *(HERE / "plans").glob("*.yaml")):
            repository = self.top / ("kcp-lite.git" if file.parent.parent.name == "include" else "small.git")
            (self.plans / file.name).write_text(f"repository: {repository}\n{without_cron(file.read_text())}")
        profiles = (TOP / "include/agents.yaml", HERE / "agents.yaml")
        (self.top / "approvers.yaml").write_text("leads: [admin]\n")
        self.agents.write_text("\n".join(file.read_text() for file in profiles))

    def git(self, phase: int, *args: str) -> str:
        """git in the target repository of a phase."""
        return git(self.top / PHASES[phase], *args)

    def ledger(self, phase: int) -> dict[str, Any]:
        """`ledger.json`."""
        return dict(json.loads(self.git(phase, "show", f"refs/phaseplan/phase-{phase}/ledger:ledger.json")))

    def state(self, phase: int, branch: str) -> str:
        """A branch's state in the ledger."""
        return str(self.ledger(phase)["branches"][branch]["state"])

    def on_engine(self, phase: int, kind: str = "ps -aq") -> list[str]:
        """What a phase has on the engine: containers, or volumes with `volume ls -q`."""
        return docker(*kind.split(), "--filter", f"label=phaseplan.ledger={self.ledger(phase)['id']}").split()

    def comes_to_have(self, phase: int, containers: int, seconds: float = 30) -> None:
        """Wait for so many containers: a ref moves before its agent begins, and before a stopped one is removed."""
        deadline = time.monotonic() + seconds
        while len(found := self.on_engine(phase)) != containers:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)

    def clear_away(self) -> None:
        """Remove what the runs left on the engine: the work of an isolated attempt stays in a volume."""
        for phase in PHASES:
            if self.git(phase, "for-each-ref", f"refs/phaseplan/phase-{phase}/ledger"):
                for one in self.on_engine(phase):
                    docker("rm", "-f", one)
                for one in self.on_engine(phase, "volume ls -q"):
                    docker("volume", "rm", one)
