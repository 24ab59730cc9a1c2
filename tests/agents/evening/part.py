"""What a phase brings to the evening, and what it leaves of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.agents.gateway_stage import BEGIN
from tests.agents.model_server import EDIT, Model
from tests.end_to_end.night import phaseplan

#: Writes the one file that a branch owns; what an agent of a line of Python ends with.
MADE = """
place = pathlib.Path("built", os.environ["PHASEPLAN_BRANCH"])
place.mkdir(parents=True)
(place / "made.txt").write_text("made")
"""


def line(model: Model, script: str, secret: str, **more: Any) -> dict[str, Any]:
    """Return the profile of an agent that is a few lines of Python behind a gateway."""
    return {"use": "codex", "image": "phaseplan/sample-recipes:1", "command": ["python3", "-c", BEGIN + script],
            "model": "scripted", "endpoint": f"{model.url}/v1", "secrets": {"key": secret}, **more}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One phase of the evening.

    :param script: what the scripted model tells its agents to do.
    :param sample: whose repository it builds on; None: an empty one.
    :param edit: what the model shows agents that have no tools.
    :param beside: what a person does meanwhile, from before the run to after it.
    """

    phase: int
    script: str
    profiles: Callable[[Model], Mapping[str, Any]]
    keys: Mapping[str, str]  # by connection
    plan: Callable[[], dict[str, Any]]  # without its repository
    beside: Callable[[Path, Model], AbstractContextManager[None]] = lambda *_: nullcontext()
    sample: str | None = None
    edit: str = EDIT

    @property
    def connections(self) -> dict[str, str]:
        """Return the variables with which Airflow is given the connections."""
        return {f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": "generic", "password": key})
                for name, key in self.keys.items()}  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What the run of one phase came to."""

    phase: int
    top: Path
    model: Model
    code: int  # of the whole run
    said: str = field(repr=False)  # of all phases
    asked: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def target(self) -> Path:
        """Return the phase's own target repository."""
        return target_of(self.top, self.phase)

    @property
    def home(self) -> Path:
        """Return Airflow's home."""
        return self.top / "home"

    @property
    def logs(self) -> dict[Path, str]:
        """Return the logs of the phase's tasks."""
        found = (self.home / "logs").glob(f"dag_id=phase_{self.phase:02d}/**/attempt=*.log")
        return {path: path.read_text(errors="replace") for path in found}

    @property
    def status(self) -> dict[str, Any]:
        """Return `status --json` of the phase."""
        return dict(json.loads(self.ask("status", str(self.phase), "--json") or "{}"))

    @property
    def branches(self) -> dict[str, Any]:
        """Return what is known of each branch."""
        return dict(self.status["branches"])

    def ask(self, *words: str) -> str:
        """Ask `./phaseplan` about the phase's target; once for each question, for nothing changes any more."""
        question = " ".join(words)
        if question not in self.asked:
            self.asked[question] = asked(self.top, self.phase, *words)
        return self.asked[question]


def target_of(top: Path, phase: int) -> Path:
    """Say where a phase's target repository is."""
    return top / f"phase-{phase}.git"


def asked(top: Path, phase: int, *words: str) -> str:
    """Return what a verb of `./phaseplan` prints about a phase's target."""
    return phaseplan([*words, "--repository", str(target_of(top, phase))], top / "state").stdout
