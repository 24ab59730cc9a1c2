"""One phase in a real Airflow, whose provider refuses one profile's key for a while: one pause, and a whole phase."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agents.gateway_stage import BEGIN
from tests.agents.model_server import Model, serving
from tests.end_to_end.night import git, phaseplan

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]
PHASE = 89
NIGHT, OTHER = [f"{PHASE}.1.{n}" for n in range(1, 5)], f"{PHASE}.1.5"
BAD, GOOD = "bad-key-of-this-night-0123456789", "good-key-of-this-night-0123456789"
SCRIPT = """
answer = ask()
print(answer)
if "completed" not in answer:
    sys.exit(1)
place = pathlib.Path("built") / os.environ["PHASEPLAN_BRANCH"]
place.mkdir(parents=True)
(place / "made.txt").write_text("done")
"""
NOTIFIER = """
from pathlib import Path
from airflow.sdk import BaseNotifier


class ToFile(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, path, text):
        super().__init__()
        self.path, self.text = path, text

    def notify(self, context):
        with Path(self.path).open("a") as file:
            file.write(self.text + "\\n")
"""


@dataclass(frozen=True)
class Played:
    """What the run came to."""

    status: dict[str, Any]  # at the end
    paused: dict[str, Any]  # while the profile was paused and the other branch had come in
    told: list[str]
    said: str
    home: Path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, host: str, gateway: None) -> Iterator[Played]:
    """Four branches of a profile whose key is refused at first, one after another, and one of another profile."""
    top = tmp_path_factory.mktemp("pause")
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(top, "clone", "-q", "--bare", "work", "target.git")
    (top / "home" / "config").mkdir(parents=True)
    (top / "home" / "config" / "tests_of_pauses.py").write_text(NOTIFIER)
    with serving("true", host) as model:
        (top / "agents.yaml").write_text(yaml.safe_dump({name: _profile(model, name) for name in ("night", "other")}))
        (top / "plan.yaml").write_text(yaml.safe_dump(_plan(top / "target.git")))
        arguments = {"path": str(top / "told"), "text": "{{ phaseplan.event }}|{{ phaseplan.message }}"}
        notifier = {"class": "tests_of_pauses.ToFile", "arguments": arguments, "events": ["paused", "resumed"]}
        (top / "notifiers.yaml").write_text(yaml.safe_dump({"file": notifier}))
        seen: list[dict[str, Any]] = []
        mending = threading.Thread(target=_mend, args=(top, model, seen), daemon=True)
        mending.start()
        args = ["run", str(top / "plan.yaml"), "--agents", str(top / "agents.yaml"), "--home", str(top / "home"),
                "--keep"]  # fmt: skip
        connections = {f"AIRFLOW_CONN_{name}": json.dumps({"conn_type": "generic", "password": key})
                       for name, key in (("NIGHT_KEY", BAD), ("OTHER_KEY", GOOD))}  # fmt: skip
        done = phaseplan(args, top / "state", AIRFLOW__PHASEPLAN__NOTIFIERS=str(top / "notifiers.yaml"), **connections)
        mending.join(10)
        told = (top / "told").read_text().splitlines() if (top / "told").exists() else []
        yield Played(_status(top), seen[-1] if seen else {}, told, done.stdout + done.stderr, top / "home")


def _profile(model: Model, name: str) -> dict[str, Any]:
    return {"use": "codex", "image": "phaseplan/sample-recipes:1", "command": ["python3", "-c", BEGIN + SCRIPT],
            "model": "scripted", "endpoint": f"{model.url}/v1", "secrets": {"key": f"{name}_key"}, "memory": "256m",
            "timeout": 120}  # fmt: skip


def _plan(target: Path) -> dict[str, Any]:
    branches = [{"id": b, "branch": f"feature/p{PHASE}-{n}", "title": f"Branch {n}", "brief": "Write made.txt.",
                 "owns": [f"/built/{b}/"], "agent": "other" if b == OTHER else "night"}
                for n, b in enumerate([*NIGHT, OTHER], 1)]  # fmt: skip
    return {"phase": PHASE, "title": "Paused", "agent": "night", "repository": str(target), "attempts": 1,
            "max_parallel_agents": 1, "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


def _status(top: Path) -> dict[str, Any]:
    place = ["--repository", str(top / "target.git"), "--json"]
    return dict(json.loads(phaseplan(["status", str(PHASE), *place], top / "state").stdout or "{}"))


def _mend(top: Path, model: Model, seen: list[dict[str, Any]]) -> None:
    """Have the provider take the key once the other profile's branch has passed beside the pause."""
    until = time.monotonic() + 400
    while time.monotonic() < until:
        time.sleep(3)
        found = _status(top)
        if found.get("pauses") and found["branches"][OTHER]["state"] in ("passed", "integrated"):
            seen.append(found)
            model.mended.add(BAD)
            return


def test_every_branch_comes_in_and_no_attempt_is_used_up(played: Played) -> None:
    branches = played.status["branches"]
    assert {b: found["state"] for b, found in branches.items()} == dict.fromkeys(branches, "integrated"), played.said[
        -4000:
    ]
    outcomes = {b: [a["outcome"] for a in found["attempts"]] for b, found in branches.items()}
    (finder,) = [b for b, found in outcomes.items() if found != ["passed"]]
    assert finder in NIGHT and outcomes[finder] == ["unfinished", "passed"]


def test_people_are_told_once_that_it_is_paused_and_once_that_it_goes_on(played: Played) -> None:
    paused, step, resumed = played.told
    assert paused.startswith(f"paused|Phase {PHASE}: profile night is paused since ")
    assert "the provider refuses the key of profile night (401" in paused and "connection `night_key`" in paused
    assert step.startswith("Its branches go on by themselves")
    assert resumed.startswith(f"resumed|Phase {PHASE}: profile night goes on: its provider answers again")


def test_status_names_it_while_it_lasts(played: Played) -> None:
    branches = played.paused["branches"]
    waiting = {b for b, found in branches.items() if found["paused"] == "night"}
    assert waiting == set(NIGHT) and all(branches[b]["reason"].startswith("paused: profile night") for b in NIGHT)
    assert sum(len(branches[b]["attempts"]) for b in NIGHT) == 1, "one agent has asked, and nobody else"
    assert played.status["pauses"] == []


def test_each_task_says_why_it_waits(played: Played) -> None:
    logs = {p: p.read_text(errors="replace") for p in played.home.rglob("attempt=*.log")}
    said = {p.parent.name for p, log in logs.items() if "profile night is paused since" in log}
    assert len(said) == 4, "all of the profile, and no others"
    assert not [p for p, log in logs.items() if "Retry policy evaluation failed" in log or "cannot be kept" in log]


def test_progress_says_it_once(played: Played) -> None:
    lines = [line for line in played.said.splitlines() if "is paused since" in line]
    assert len(lines) == 1, "\n".join(lines)
