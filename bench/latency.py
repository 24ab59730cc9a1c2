"""Phase 5's critical path over a server that answers each request 100 ms late, against a target on this disk.

Played by hand, the tasks as they are and no Airflow around them: opening, three waves of one branch whose agent sleeps
6 s, each integrated, and closing. Airflow's own seconds would make the ratio smaller.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import yaml

from phaseplan.repository.repo import GitRepo, Result
from phaseplan.repository.time_limits import verb_of

PHASE, WAVES, SLEEP, DELAY = 5, 3, 6.0, 0.1
TALKS = ("ls-remote", "fetch", "push")
AGENT = f"mkdir -p w$PHASEPLAN_BRANCH; echo hello > w$PHASEPLAN_BRANCH/file.txt; sleep {SLEEP:g}"


@dataclass
class Played:
    """Hold what one play took, by task."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)  # ls-remote, fetch, push
    requests: int = 0

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """Time a task, or a part of one, and count its calls."""
        real = GitRepo.run

        def run(repo: GitRepo, *args: str, **more: Any) -> Result:
            if verb_of(args) in TALKS:
                self.calls[name] = self.calls.get(name, 0) + 1
            return real(repo, *args, **more)

        began = time.monotonic()
        with patch.object(GitRepo, "run", run):
            yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


def measure() -> dict[str, float]:
    """Measure seconds and calls of each task, near and far, and the ratio of the whole."""
    near, at_once, far = _play(None), _play(0.0), _play(DELAY)
    found: dict[str, float] = {}
    for task, seconds in near.seconds.items():
        found |= {f"{task}, near s": seconds, f"{task}, far s": far.seconds[task]}
        found[f"{task}, calls to the target"] = float(far.calls.get(task, 0))
    totals = [sum(played.seconds.values()) for played in (near, at_once, far)]
    return {
        **found,
        "requests that the server answered": float(far.requests),
        "whole, on this disk s": totals[0],
        "whole, over HTTP on this machine s": totals[1],
        f"whole, over HTTP, each request {DELAY * 1000:.0f} ms late s": totals[2],
        "far over this disk (aim <= 1.15)": totals[2] / totals[0],
        "far over HTTP on this machine": totals[2] / totals[1],
    }


def _play(delay: float | None) -> Played:
    """Play one run of the phase; None: the target is a path."""
    played = Played()
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, _environment(Path(folder))):
        place = Path(folder)
        _files(place)
        if delay is None:
            os.environ["AIRFLOW__PHASEPLAN__REPOSITORY"] = str(place / "target.git")
            _tasks(played)
        else:
            with served(place, delay, played) as url:
                os.environ["AIRFLOW__PHASEPLAN__REPOSITORY"] = url
                _tasks(played)
    return played


def _environment(place: Path) -> dict[str, str]:
    places = {"plans": "plans", "agents": "agents.yaml", "state": "state"}
    settings = {f"AIRFLOW__PHASEPLAN__{key.upper()}": str(place / value) for key, value in places.items()}
    return {**settings, "AIRFLOW_HOME": str(place / "airflow"), "PASSWORD": "bench"}


def _files(place: Path) -> None:
    """Make a target with one commit, the plan and its agent."""
    target = GitRepo.init(place / "target.git")
    first = target.run("commit-tree", target.run("mktree", stdin=b"").out.strip(), "-m", "base").out.strip()
    target.run("update-ref", "refs/heads/main", first)
    waves = [
        {"wave": n, "branches": [{"id": f"5.{n}.1", "branch": f"feature/{n}", "title": f"{n}", "owns": [f"w5.{n}.1/"]}]}
        for n in range(1, WAVES + 1)
    ]
    plan = {"phase": PHASE, "title": "Far away", "agent": "sh", "waves": waves}
    (place / "plans").mkdir()
    (place / "plans" / "phase-05.yaml").write_text(yaml.safe_dump(plan))
    agent = {"image": "debian:bookworm-slim", "command": ["sh", "-c", AGENT]}
    (place / "agents.yaml").write_text(yaml.safe_dump({"sh": agent}))


def _tasks(played: Played) -> None:
    """Carry out the tasks of a run, one after another, as Airflow's workers do."""
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from phaseplan.airflow.operators.phase import ClosePhaseOperator, IntegrateOperator, OpenPhaseOperator

    kept = dict[str, Any]()
    params = {"base": "main", "start": "wave", "branches": [], "agent": None, "rebuild": "auto"}
    instance = SimpleNamespace(
        max_tries=3,
        xcom_push=lambda key, value: kept.update({key: value}),
        xcom_pull=lambda task_ids: kept["return_value"] if task_ids == "open_phase" else None,
    )
    context = {"params": params, "dag_run": SimpleNamespace(run_id="run-1"), "ti": instance}
    with played.task("opening"), suppress(DownstreamTasksSkipped):
        OpenPhaseOperator(task_id="open_phase", phase=PHASE).execute(context)
    for wave in range(1, WAVES + 1):
        _branch(played, f"5.{wave}.1", kept["return_value"])
        with played.task(f"{WAVES} waves"):
            IntegrateOperator(task_id="integrate", phase=PHASE, wave=wave).execute(context)
    with played.task("closing"):
        ClosePhaseOperator(task_id="close", phase=PHASE).execute(context)


def _branch(played: Played, branch: str, token: dict[str, Any]) -> None:
    """Carry out a branch's task: before its agent, the agent, after it."""
    from phaseplan.attempt.job import Job, Running
    from phaseplan.attempt.step import step
    from phaseplan.config.settings import settings
    from phaseplan.containers import engine
    from phaseplan.containers.log_following import follow
    from phaseplan.ledger.records import Token
    from phaseplan.repository.remote import Remote

    remote, client = Remote(os.environ["AIRFLOW__PHASEPLAN__REPOSITORY"]), engine.connect(settings().docker_url)
    for _ in range(2):
        with played.task(f"{WAVES} branches"), remote.private(state=settings().state) as repo:
            own = Token.model_validate(token)
            outcome = step(
                Job(PHASE, branch, own, "run-1/3", remote, repo, client, settings(), lambda _: None, lambda _: {})
            )
        if isinstance(outcome, Running):
            with played.task(f"{WAVES} agents"):
                follow(client, outcome.container, lambda _: None)


@contextmanager
def served(place: Path, delay: float, played: Played) -> Iterator[str]:
    """Serve a folder by git's own http-backend, late; yield the address of its `target.git`."""
    from tests.stack import serve

    class Handler(serve.Handler):
        def do_GET(self) -> None:  # noqa: N802
            time.sleep(delay)
            played.requests += 1
            self.headers["Authorization"] = serve.WANTED
            super().do_GET()

        do_POST = do_GET  # noqa: N815  the name is the library's

        def _cgi(self) -> dict[str, str]:
            return {**super()._cgi(), "GIT_PROJECT_ROOT": str(place)}

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/target.git"
    finally:
        server.shutdown()
        server.server_close()
