"""One phase in a real Airflow over two engines: spread, held to their room, and finished though one engine dies.

Minutes long, so `make soak` runs it (`PHASEPLAN_ENGINES=1`), and CI does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from phaseplan.config.settings import settings
from tests.end_to_end.night import TOP, git, started
from tests.kills.engine import PrivateEngine

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.docker,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not os.environ.get("PHASEPLAN_ENGINES"), reason="make soak runs it"),
]
PHASE, COUNT = 88, 6
IMAGES = ("debian:bookworm-slim",)


@pytest.fixture
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PrivateEngine]]:
    made = {name: PrivateEngine(tmp_path_factory.mktemp("e") / name) for name in ("east", "west")}
    try:
        for engine in made.values():
            engine.start()
            engine.load((*IMAGES, settings().collector_image))
        yield made
    finally:
        for engine in made.values():
            engine.stop()


class Watch(threading.Thread):
    """Write down the agents alive on each engine, ten times a second."""

    def __init__(self, urls: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.urls, self.most = urls, dict.fromkeys(urls, 0)
        self.seen: dict[str, set[str]] = {name: set() for name in urls}
        self.twice: set[str] = set()
        self.over = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self.over.wait(0.1):
            alive = {name: agents(url) for name, url in self.urls.items()}
            for name, found in alive.items():
                self.most[name] = max(self.most[name], len(found))
                self.seen[name] |= set(found)
            every = [branch for found in alive.values() for branch in found]
            self.twice |= {branch for branch in every if every.count(branch) > 1}


def agents(url: str) -> list[str]:
    """Branches whose agents run on an engine; none where it does not answer."""
    command = ["docker", "-H", url, "ps", "--filter", "label=phaseplan.role=agent"]
    done = subprocess.run(
        [*command, "--format", '{{.Label "phaseplan.branch"}}'], capture_output=True, text=True, timeout=20
    )
    return done.stdout.split()


def left(url: str) -> list[str]:
    """All of ours that is still on an engine."""
    command = ["docker", "-H", url, "ps", "-aq", "--filter", "label=phaseplan.ledger"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def phase(top: Path, engines: dict[str, PrivateEngine]) -> dict[str, str]:
    """Write plan, profiles, engines and target; return the variables of a run."""
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(top, "clone", "-q", "--bare", "work", "target.git")
    script = 'sleep 12; mkdir -p "built/$PHASEPLAN_BRANCH"; echo done > "built/$PHASEPLAN_BRANCH/made.txt"'
    profile = {"image": IMAGES[0], "command": ["sh", "-c", script], "timeout": 120}
    (top / "agents.yaml").write_text(yaml.safe_dump({"sh": profile}))
    branches = [
        {"id": f"{PHASE}.1.{n}", "branch": f"feature/n{n}", "title": f"N{n}", "owns": [f"built/{PHASE}.1.{n}/"]}
        for n in range(1, COUNT + 1)
    ]
    plan = {"phase": PHASE, "title": "Two engines", "agent": "sh", "max_parallel_agents": COUNT}
    plan |= {"repository": str(top / "target.git"), "waves": [{"wave": 1, "branches": branches}]}
    (top / "plan.yaml").write_text(yaml.safe_dump(plan))
    entries = {name: {"url": engine.url, "agents": 1} for name, engine in engines.items()}
    (top / "engines.yaml").write_text(yaml.safe_dump(entries))
    return {"AIRFLOW__PHASEPLAN__ENGINES": str(top / "engines.yaml"), "AIRFLOW__PHASEPLAN__ENGINE_ABSENCE": "6000"}


def verb(top: Path, *words: str, **more: str) -> str:
    """Run a verb about the target."""
    command = [sys.executable, "-m", "phaseplan.cli.main", *words, "--repository", str(top / "target.git")]
    env = {**os.environ, "AIRFLOW__PHASEPLAN__STATE": str(top / "state"), **more}
    return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("dies", [False, True], ids=["both live", "one dies"])
def test_a_phase_is_spread_over_two_engines_and_finished(
    tmp_path: Path, engines: dict[str, PrivateEngine], dies: bool
) -> None:
    more = phase(tmp_path, engines)
    watch = Watch({name: engine.url for name, engine in engines.items()})
    watch.start()
    run = started(
        ["run", str(tmp_path / "plan.yaml"), "--agents", str(tmp_path / "agents.yaml")], tmp_path / "state", **more
    )
    try:
        if dies:
            _kill(tmp_path, engines["west"], watch)
        out, err = run.communicate(timeout=1200)
    finally:
        run.terminate()
        watch.over.set()
    assert run.returncode == 0, out[-4000:] + err[-4000:]
    status = json.loads(verb(tmp_path, "status", str(PHASE), "--json"))
    assert status["complete"], status
    print({"most": watch.most, "seen": watch.seen, "engines": dies})
    assert watch.most == {"east": 1, "west": 1} and watch.twice == set()
    assert watch.seen["east"] and watch.seen["west"]
    assert len(watch.seen["east"] | watch.seen["west"]) == COUNT
    assert [left(engine.url) for name, engine in engines.items() if not (dies and name == "west")] == [[]] * (2 - dies)


def _kill(top: Path, west: PrivateEngine, watch: Watch) -> None:
    """End an engine with its agent, and declare it gone."""
    until = time.monotonic() + 300
    while not watch.seen["west"]:
        assert time.monotonic() < until, "no agent ever began on that engine"
        time.sleep(0.2)
    time.sleep(2)
    west.stop()
    for line in verb(top, "engines", "list", str(PHASE)).splitlines()[1:]:
        if "west" in line:
            verb(top, "engines", "forget", str(PHASE), line.split()[0])
            return
    raise AssertionError("the engine's attempt is not listed")
