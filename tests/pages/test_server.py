"""The pages in a real API server: who is let in, what comes back, and the links that a task shows."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from phaseplan.cli.local_airflow.home import AIRFLOW, Home, migrate, prepare
from provision.common import TOP
from tests.database import CACHE
from tests.git.lab import Lab, plan_of

pytestmark = pytest.mark.airflow

PLAN = """
phase: 5
title: Seen
agent: sh
waves:
  - {wave: 1, branches: [{id: "5.1", branch: feature/p5-1, title: One, owns: [one/]}]}
  - {wave: 2, branches: [{id: "5.2", branch: feature/p5-2, title: Two, owns: [two/], depends_on: ["5.1"]}]}
"""
TASK = "wave_1.5-1_b5.1"


class Server:
    """An API server over one home, without a scheduler."""

    def __init__(self, home: Home, build: Callable[[], object]) -> None:
        self.home, self.build = home, build
        self.tokens: dict[str, str] = {}

    def get(self, path: str, user: str | None = "viewer") -> tuple[int, dict[str, str], str]:
        """Status, headers and text; redirects are not followed."""
        where = urlsplit(self.home.address)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        connection.request("GET", path, headers={"Cookie": f"_token={self._token(user)}"} if user else {})
        try:
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def _token(self, user: str) -> str:
        if user not in self.tokens:
            body = json.dumps({"username": user, "password": self.home.password}).encode()
            request = urllib.request.Request(f"{self.home.address}/auth/token", body)
            request.add_header("Content-Type", "application/json")
            with urllib.request.urlopen(request) as answer:
                self.tokens[user] = json.load(answer)["access_token"]
        return self.tokens[user]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server over a phase with one built branch, and one that is not built."""
    top = tmp_path_factory.mktemp("pages")
    lab = Lab(top)
    token = lab.open(plan_of({"5.1": [], "5.2": ["5.1"]}))
    lab.build(token, "5.1", {"made.txt": "<b>by an agent</b>\n"})
    (top / "plans").mkdir()
    (top / "plans" / "phase-05.yaml").write_text(PLAN)
    (top / "agents.yaml").write_text("sh: {image: debian, command: [sh]}\n")
    facts = {"repository": str(lab.url), "state": str(top / "state"), "plans": str(top / "plans"),
             "agents": str(top / "agents.yaml")}  # fmt: skip
    home = prepare(top / "home", phaseplan=facts)
    migrate(home, CACHE)
    (home.path / "passwords.json").write_text(json.dumps(dict.fromkeys(("admin", "viewer"), home.password)))
    users = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer"}
    with (top / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*AIRFLOW, "api-server"],
            env={**home.environment, **users},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(home, process, top / "server.log")
            yield Server(home, lambda: lab.build(token, "5.2", {"two.txt": "2\n"}))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(home.lock)


def _wait(home: Home, process: subprocess.Popen[Any], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{home.address}/api/v2/version", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"the API server did not come up:\n{log.read_text()[-3000:]}")


def test_only_a_user_with_the_right_to_view_reads_a_page(server: Server) -> None:
    path = f"/phaseplan/dags/phase_05/tasks/{TASK}"
    code, headers, text = server.get(path)
    assert code == 200 and "&lt;b&gt;by an agent&lt;/b&gt;" in text
    assert (
        headers["content-security-policy"].startswith("default-src 'none'") and headers["cache-control"] == "no-store"
    )
    for where in (path, f"{path}/diff"):
        assert server.get(where, user=None)[0] == 401
    assert server.get("/phaseplan/docs", user=None)[0] == server.get("/phaseplan/openapi.json", user=None)[0] == 404


def test_the_diff_is_shown_if_the_forge_is_unknown(server: Server) -> None:
    code, headers, _ = server.get(f"/phaseplan/dags/phase_05/tasks/{TASK}/diff")
    assert (code, headers["location"]) == (303, f"{server.home.address}/phaseplan/dags/phase_05/tasks/{TASK}#diff")


def test_the_board_offers_what_its_viewer_may_do(server: Server) -> None:
    for path in ("/phaseplan/board", "/phaseplan/board/phases/5", "/phaseplan/board/phases/5/conflicts"):
        assert server.get(path, user=None)[0] == 401
    code, headers, text = server.get("/phaseplan/board/phases/5")
    assert code == 200 and 'id="b-5.1"' in text and "<button data-do" not in text, "viewers look"
    assert "connect-src 'self'" in headers["content-security-policy"] and "'none'" in headers["content-security-policy"]
    _, _, text = server.get("/phaseplan/board/phases/5", user="admin")
    assert '<button data-do="pause"' in text


def test_the_board_sends_what_has_moved_and_nothing_else(server: Server) -> None:
    _, headers, whole = server.get("/phaseplan/board")
    assert "<!doctype" in whole and "Phase 5" in whole
    code, headers, part = server.get("/phaseplan/board?part=1")
    stamp = headers["x-phaseplan-stamp"]
    assert code == 200 and "<!doctype" not in part and "Phase 5" in part
    code, _, nothing = server.get(f"/phaseplan/board?part=1&seen={stamp}")
    assert (code, nothing) == (204, "") or server.get("/phaseplan/board?part=1")[1]["x-phaseplan-stamp"] != stamp


def test_the_board_of_an_unknown_phase_says_so(server: Server) -> None:
    code, _, text = server.get("/phaseplan/board/phases/99")
    assert code == 404 and "Nothing to show" in text


@pytest.mark.parametrize("dag", ["phase_06", "example", quote("<script>", safe="")])
def test_an_unknown_phase_gives_a_page_that_says_so(server: Server, dag: str) -> None:
    code, headers, text = server.get(f"/phaseplan/dags/{dag}/tasks/x")
    assert code == 404 and "Nothing to show" in text and "<script" not in text
    assert "content-security-policy" in headers


def test_the_tab_and_the_links_of_a_branch(server: Server) -> None:
    _, _, said = server.get("/api/v2/plugins", user="admin")
    (plugin,) = [p for p in json.loads(said)["plugins"] if p["name"] == "phaseplan"]
    assert plugin["external_views"][0]["destination"] == "task_instance"
    assert [app["url_prefix"] for app in plugin["fastapi_apps"]] == ["/phaseplan"]
    code = subprocess.run(
        [sys.executable, "-c", _LINKS], env=dict(server.home.environment), capture_output=True, text=True, cwd=TOP
    )
    assert json.loads(code.stdout.splitlines()[-1]) == {
        name: f"{server.home.address}/phaseplan/dags/phase_05/tasks/wave_1.5-1_x{where}"
        for name, where in (("Attempts", "#attempts"), ("Diff", "/diff"), ("Predicted conflicts", "#conflicts"))
    }, code.stderr


def test_who_waits_is_answered_when_a_ref_moves(server: Server) -> None:
    waits = "/phaseplan/board/moved?phase=5&seen="
    assert server.get(waits, user=None)[0] == 401
    code, _, seen = server.get(waits)
    assert code == 200 and seen, "who has seen nothing does not wait"
    began = time.monotonic()
    timer = threading.Timer(1.0, server.build)
    timer.start()
    while (now := server.get(f"{waits}{seen}")[2]) == seen or timer.is_alive():
        seen = now  # the clock of an open run moves a page too
    timer.join()
    assert 1.0 < time.monotonic() - began < 20.0
    assert server.get(f"{waits}nonsense")[2] == now
    assert "passed" in server.get("/phaseplan/board/phases/5?part=1")[2].split('id="b-5.2"')[1].split("</article>")[0]


def test_a_page_is_made_once_for_all_who_have_the_same_rights(server: Server) -> None:
    viewer, other = (server.get("/phaseplan/board/phases/5")[2] for _ in range(2))
    assert "<button data-do" not in viewer and "<button data-do" not in other
    assert "<button data-do" in server.get("/phaseplan/board/phases/5", user="admin")[2]
    assert "<!doctype" not in server.get("/phaseplan/board/phases/5?part=1", user="admin")[2]
    assert "<!doctype" in server.get("/phaseplan/board/phases/5", user="admin")[2]


@pytest.mark.parametrize("branch", ["False", "True"])
def test_no_branch_s_address_takes_the_place_of_its_phase_s_page(server: Server, branch: str) -> None:
    _, _, text = server.get(f"/phaseplan/board/phases/5/branches/{branch}")
    assert f"no branch {branch}" in text
    assert 'id="b-5.1"' in server.get("/phaseplan/board/phases/5")[2]


#: What the API server does to list a task's links, without a run: the stored DAG is read with the plugins loaded.
_LINKS = """
import json
from types import SimpleNamespace
from airflow.serialization.serialized_objects import DagSerialization
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan.model import PhasePlan
rows = [{"id": "5.1", "branch": "feature/p5w1-x", "title": "x", "owns": ["x/"]}]
plan = PhasePlan.model_validate({"phase": 5, "title": "t", "waves": [{"wave": 1, "branches": rows}]})
dag = compile_plan(plan, Options(profiles={}, pools=False, deferrable=True, retry_delay=1, schedules=False))
stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
found = {}
for task in stored.tasks:
    key = SimpleNamespace(dag_id=dag.dag_id, task_id=task.task_id)
    links = {name: task.get_extra_links(SimpleNamespace(key=key), name) for name in task.extra_links}
    assert not links or task.task_id == "wave_1.5-1_x", task.task_id
    found |= links
print(json.dumps(found))
"""
