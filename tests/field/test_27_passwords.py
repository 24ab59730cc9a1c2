"""Line 27: the password in a repository's address is stored and shown nowhere.

Was: `https://user:password@host/...` stood in git's command line, in `last-run.json` (0644), in the plan that is
pinned and pushed to the target, in the run's copy of the plan, in serialised DAGs.
Right: it is removed from the address on input; git asks a helper that reads two variables of its environment. Records,
copies, digests and messages have the address without it, and lint warns (PP705).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.cli.main import main
from phaseplan.cli.running.homes import copy_plans
from phaseplan.cli.sources.lastrun import last_run, remember
from phaseplan.cli.sources.reading import repository_of
from phaseplan.errors import InputFault
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.login import masked, parted
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.logins import VARIABLE, environment
from phaseplan.repository.refusals import RepositoryUnreadable
from phaseplan.repository.remote import Remote, Update
from tests.git.lab import Lab

PASSWORD = "hunter2/& 'x"  # what percent-encoding and shells care about
WRITTEN = "hunter2%2F%26%20%27x"


@dataclass(frozen=True)
class Host:
    """A real git host behind a password, and what was run against it."""

    lab: Lab
    url: str  # without login
    full: str
    commands: Path


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("PASSWORD", PASSWORD)
    from tests.stack import serve

    class Handler(serve.Handler):
        def _cgi(self) -> dict[str, str]:
            return {**super()._cgi(), "GIT_PROJECT_ROOT": str(tmp_path)}

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    login = serve.base64.b64encode(f"phaseplan:{PASSWORD}".encode()).decode()
    monkeypatch.setattr(serve, "WANTED", f"Basic {login}")
    lab, log = Lab(tmp_path), tmp_path / "commands"
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$0 $*" >> {log}\nexec {shutil.which("git")} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    monkeypatch.setenv(VARIABLE, "")
    for key, name in (("PLANS", "plans"), ("AGENTS", "agents.yaml"), ("STATE", "state")):
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key}", str(tmp_path / name))
    (tmp_path / "plans").mkdir()
    (tmp_path / "agents.yaml").write_text("worker: {image: debian}\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{server.server_port}/target.git"
    yield Host(lab, f"http://{place}", f"http://phaseplan:{WRITTEN}@{place}", log)
    server.shutdown()
    server.server_close()


def leaks(folder: Path) -> list[Path]:
    """Files of a folder in which the password stands."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [f for f in files if any(w.encode() in f.read_bytes() for w in (PASSWORD, WRITTEN, "hunter2"))]


def plan(host: Host, **more: Any) -> dict[str, Any]:
    branch = {"id": "5.1.1", "branch": "feature/x", "title": "T", "owns": ["a/"]}
    return {"phase": 5, "title": "T", "agent": "worker", "waves": [{"wave": 1, "branches": [branch]}], **more}


def test_git_logs_in_and_its_command_line_holds_no_password(host: Host, tmp_path: Path) -> None:
    remote = Remote(host.full)
    with remote.private(state=tmp_path / "state") as repo:
        remote.fetch(repo, "+refs/heads/main:refs/heads/main")
        assert remote.push(repo, [Update("refs/heads/pushed", host.lab.main, None)])
        assert not leaks(tmp_path / "state")
    output = host.commands.read_text()
    assert host.url in output and "hunter2" not in output
    assert "hunter2" not in str(remote) + remote.url + repr(vars(remote).get("url"))
    assert host.lab.refs()["refs/heads/pushed"] == host.lab.main


def test_a_wrong_password_is_not_repeated_in_the_message(host: Host) -> None:
    with pytest.raises(RepositoryUnreadable, match="does not accept the user or password") as raised:
        Remote(host.full.replace("hunter2", "hunter3")).refs()
    assert "hunter3" not in str(raised.value) and host.url in str(raised.value)


def test_a_plan_is_pinned_hashed_and_compiled_without_it(host: Host, tmp_path: Path) -> None:
    made = PhasePlan.model_validate(plan(host, repository=host.full))
    clean = PhasePlan.model_validate(plan(host, repository=host.url))
    assert made.repository == host.url and "hunter2" not in made.model_dump_json() + repr(made)
    assert plan_digest(made) == plan_digest(clean)
    profile = AgentProfile(image="debian")
    from airflow.serialization.serialized_objects import DagSerialization

    assert "hunter2" not in str(DagSerialization.to_dict(compile_plan(made, Options({"worker": profile}))))
    remote = Remote(host.full)
    with remote.private(state=tmp_path / "state") as repo:
        open_phase(remote, repo, made, {"worker": profile}, run_id="run-1", base_name="main", start="wave")
    output = subprocess.run(
        ["git", "-C", str(host.lab.url), "cat-file", "--batch-all-objects", "--batch"], capture_output=True, check=True
    )
    assert host.url.encode() in output.stdout and b"hunter2" not in output.stdout


@pytest.mark.parametrize("how", ["plan", "setting", "command"])
def test_tasks_find_it_where_it_was_given(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with pytest.raises(RepositoryUnreadable, match="wants a user and password"):
        Remote(host.url).refs()
    if how == "plan":
        (tmp_path / "plans" / "phase-05.yaml").write_text(yaml.safe_dump(plan(host, repository=host.full)))
    elif how == "setting":
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", host.full)
    else:
        assert repository_of(host.full, None) == host.url
    assert Remote(host.url).refs()["refs/heads/main"] == host.lab.main


def test_files_of_a_run_hold_no_password(host: Host, tmp_path: Path) -> None:
    texts = {
        "one": yaml.safe_dump(plan(host, repository=host.full)),
        "two": f"# {host.full}\n" + yaml.safe_dump(plan(host, repository=host.full), default_style='"'),
        "three": yaml.safe_dump(plan(host)),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    home = tmp_path / "home"
    copies = copy_plans(home, [tmp_path / f"{name}.yaml" for name in texts])
    assert not leaks(home) and (copies / "three.yaml").read_text() == texts["three"]
    assert yaml.safe_load((copies / "one.yaml").read_text()) == plan(host, repository=host.url)
    loaded = PhasePlan.model_validate(plan(host, repository=host.full))
    remember({"repository": repository_of(None, loaded)})
    file = tmp_path / "state" / "last-run.json"
    assert last_run()["repository"] == host.url and not leaks(tmp_path / "state")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_password_that_cannot_be_taken_out_is_refused(host: Host, tmp_path: Path) -> None:
    written = host.full.replace("hunter2", "h\\x75nter2")
    text = yaml.safe_dump(plan(host)) + f'repository: "{written}"\n'
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(InputFault, match="cannot be taken out") as raised:
        copy_plans(tmp_path / "home", [tmp_path / "odd.yaml"])
    assert "nter2" not in str(raised.value)


def test_lint_warns_and_shows_stars(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "phase.yaml"
    file.write_text(yaml.safe_dump(plan(host, repository=host.full)))
    for form in ("text", "json", "github"):
        assert main(["lint", str(file), "--agents", str(tmp_path / "agents.yaml"), "--format", form]) == 0
        output = capsys.readouterr()
        assert "PP705" in output.out and "hunter2" not in output.out + output.err


@pytest.mark.parametrize(
    ("url", "address", "login"),
    [
        ("https://ann:p@ss@host/a.git", "https://host/a.git", "ann:p@ss"),
        ("https://token@host/a.git", "https://host/a.git", "token"),
        ("ssh://git@host/a.git", "ssh://git@host/a.git", ""),
        ("ssh://git:word@host/a.git", "ssh://git@host/a.git", "git:word"),
        ("git@host:a.git", "git@host:a.git", ""),
        ("/srv/a@b.git", "/srv/a@b.git", ""),
        ("https://host/a@b/c.git", "https://host/a@b/c.git", ""),
        ("https://host:8080/a:x@b/c.git", "https://host:8080/a:x@b/c.git", ""),
        ("https://ann:pa/ss@host/a.git", "https://host/a.git", "ann:pa/ss"),
        ("https://ann:p w@host/a.git", "https://host/a.git", "ann:p w"),
        (" https://ann:word@host/a.git ", "https://host/a.git", "ann:word"),
        ("ann:word@host:a.git", "ann@host:a.git", "ann:word"),
        ("host:a/b@c.git", "host:a/b@c.git", ""),
    ],
)
def test_an_address_is_parted(url: str, address: str, login: str) -> None:
    assert parted(url) == (address, login)


def test_a_password_cannot_put_lines_into_the_answer_to_git() -> None:
    assert environment("https://host/a.git", "ann:x%0Ahost=evil") == {}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("repository: https://token@host/a.git", "repository: https://*****@host/a.git"),
        ("repository: https://a:b/c@host/a.git", "repository: https://*****@host/a.git"),
        ("repository: ann:word@host:a.git", "repository: ********@host:a.git"),
        ("repository: https://host:80/a@b.git", "repository: https://host:80/a@b.git"),
        ("repository: ssh://git@host/a.git", "repository: ssh://git@host/a.git"),
    ],
)
def test_a_line_is_shown_with_stars_however_the_password_is_written(line: str, shown: str) -> None:
    assert masked(line) == shown


def test_status_of_another_day_says_that_it_needs_the_password_again_and_where_to_give_it(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    remember({"repository": host.url})
    assert main(["status", "5"]) == 2
    output = capsys.readouterr().err
    assert "wants a user and password, which Phaseplan never writes down. Next: give them again" in output
    places = ("--repository", "AIRFLOW__PHASEPLAN__REPOSITORY", "`repository` in section")
    assert host.url in output and all(place in output for place in places)
    assert "Traceback" not in output
