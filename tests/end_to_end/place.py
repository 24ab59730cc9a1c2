"""Where everything of a session of these tests is, and copies of it as it was at one moment."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.database import rows
from tests.end_to_end.night import Night
from tests.end_to_end.world import World

#: By DAG, the newest run of each last.
_NOTES = "select dag_id, content from dag_run_note join dag_run on dag_run.id = dag_run_id order by dag_run.id"


@dataclass(frozen=True)
class Place:
    """Where everything of a session is."""

    top: Path
    repositories: dict[int, Path]  # the live ones
    world: World

    @property
    def home(self) -> Path:
        """Airflow's home of the night."""
        return self.top / "home"

    @property
    def state(self) -> Path:
        """Phaseplan's own state."""
        return self.top / "state"

    @property
    def agents(self) -> Path:
        """All agent profiles."""
        return self.top / "agents.yaml"

    def look(self, name: str, code: int, output: str) -> Night:
        """Copies of all that the runs have left by now."""
        copies = self.top / name
        live = {repository.name: repository for repository in self.repositories.values()}
        for repository in live.values():
            shutil.copytree(repository, copies / repository.name)
        shutil.copytree(self.home / "logs", copies / "logs")
        shutil.copytree(self.state, copies / "state", ignore=shutil.ignore_patterns("cache"))
        repositories = {phase: copies / repository.name for phase, repository in self.repositories.items()}
        begun = tuple(self.world.begun)
        notes = dict(rows(self.home, _NOTES))
        return Night(copies / "state", copies / "logs", code, output, repositories, begun, notes)
