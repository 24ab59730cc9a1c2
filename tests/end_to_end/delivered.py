"""Further nights of a phase that is delivered, and what there was outside of Airflow after each."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

from tests.database import rows
from tests.end_to_end.again import Evening, Evenings
from tests.end_to_end.night import git, phaseplan
from tests.end_to_end.outside import Outside, deliver
from tests.end_to_end.world import insist


@dataclass
class DeliveredEvenings(Evenings):
    """Evenings whose facts outside are kept."""

    outside: Outside = field(kw_only=True)
    merged: str = ""

    def noted(self, name: str, phase: int) -> Evening:
        """One night, and what there was after it."""
        mails, before = len(self.outside.mail), self._release()
        evening = self.again(phase)
        run = f"again-{self.count}"
        pulls = self.outside.forge.pulls
        tasks = insist(lambda: self.api.tasks(f"phase_{phase:02d}", run))
        self.outside.facts[name] = {
            "delivery": self._delivery(phase),
            "pulls": len(pulls),
            "body": pulls[0].body if pulls else "",
            "tip": git(self.place.repositories[phase], "rev-parse", f"integration/phase-{phase}").strip(),
            "mails": self.outside.mails()[mails:],
            "merge": self.merged,
            "release before": before,
            "release": self._release(),
            "tasks": {task.task_id: task.state for task in tasks},
            "log": self._log(phase, run),
            "note": self._note(run),
            "status": self._status(phase),
        }
        return evening

    def merge(self) -> None:
        """Squash the pull request, then change a file of it on the base."""
        self.merged = self.outside.forge.merge(1, "squash")
        text = git(self.place.repositories[1], "show", "main:recipes/units.py")
        self.push(1, {"recipes/units.py": f"{text}# mended on main\n"})

    def release(self) -> None:
        """Let the plan name a branch that has a commit of its own."""
        work = self.place.top / "release"
        git(self.place.top, "clone", "-q", str(self.place.repositories[1]), str(work))
        git(work, "commit", "-q", "--allow-empty", "-m", "hotfix")
        git(work, "push", "-q", "origin", "HEAD:release")
        self.edit(1, deliver(), deliver("push", "release"))

    def _release(self) -> str:
        return git(self.place.repositories[1], "for-each-ref", "--format=%(objectname)", "refs/heads/release").strip()

    def _delivery(self, phase: int) -> dict[str, Any]:
        try:
            text = git(self.place.repositories[phase], "show", f"refs/phaseplan/phase-{phase}/delivery:delivery.json")
        except subprocess.CalledProcessError:
            return {}
        return dict(json.loads(text))

    def _log(self, phase: int, run: str) -> str:
        folder = self.place.home / f"logs/dag_id=phase_{phase:02d}/run_id={run}/task_id=deliver"
        return "\n".join(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))

    def _note(self, run: str) -> str:
        query = "select content from dag_run_note join dag_run on dag_run.id = dag_run_id where run_id = :run"
        found = rows(self.place.home, query, run=run)
        return str(found[0][0]) if found else ""

    def _status(self, phase: int) -> str:
        where = str(self.place.repositories[phase])
        return phaseplan(["status", str(phase), "--repository", where], self.place.state).stdout
