"""Our section is read as Airflow reads its own: compared with Airflow's parser where the two can differ."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow import config
from phaseplan.config.airflow_cfg import section
from phaseplan.config.settings import Settings, settings
from phaseplan.errors import InputFault
from tests.config.conftest import Written

README = Path(__file__).resolve().parents[2] / "README.md"
CASES = """\
[DEFAULT]
gate_runs = 11
[phaseplan]
# a comment of its own line
; and another
repository = https://git.example.com/a.git#part
docker_url = tcp://host;part
plans = $PLANS_OF_THE_TEST/plans
agents = ~/agents.yaml
state = %(plans)s/state
timezone = a%%b
Collector_Image = in the wrong case
notifiers: colon
lock_age =
start = one
    two
"""
ASK = """\
import json, sys
from airflow.configuration import conf
print(json.dumps({key: conf.get("phaseplan", key, fallback=None) for key in sys.argv[1:]}))
"""
BROKEN = {
    "no section": "repository = x\n",
    "no key": "[phaseplan]\nrepository\n",
    "twice": "[phaseplan]\nplans = a\nplans = b\n",
    "half a section": "[phaseplan\nplans = a\n",
    "percent": "[phaseplan]\nrepository = https://x/a%20b\n",
    "no such reference": "[phaseplan]\nrepository = %(nothing)s\n",
}


@pytest.mark.airflow  # imports one, which takes seconds
def test_values_are_read_as_airflow_reads_them(written: Written, monkeypatch, tmp_path: Path) -> None:
    path = written(CASES)
    monkeypatch.setenv("PLANS_OF_THE_TEST", "~/x")
    monkeypatch.setenv("HOME", str(tmp_path))
    keys = [*Settings.model_fields]
    call = [sys.executable, "-c", ASK, *keys]
    done = subprocess.run(call, env={**os.environ, "AIRFLOW_CONFIG": str(path)}, capture_output=True, text=True)
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert {key: section().get(key) for key in keys} == theirs
    assert theirs["repository"].endswith("#part") and theirs["plans"] == str(tmp_path / "x/plans")


def test_a_comment_may_follow_a_value(written: Written) -> None:
    lines = ("repository = https://x.example/a.git#1  # the target", "docker_url = tcp://host ; ours", "plans = # none")
    written("\n".join(("[phaseplan]", *lines)))
    assert section() == {"repository": "https://x.example/a.git#1", "docker_url": "tcp://host", "plans": ""}
    assert settings().docker_url == "tcp://host"


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_one_sentence(name: str, written: Written) -> None:
    path = written(BROKEN[name])
    with pytest.raises(InputFault) as caught:
        settings()
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert name not in ("percent", "no such reference") or "`repository`" in str(caught.value)


def test_bytes_that_are_no_text_are_one_sentence(written: Written) -> None:
    path = written("")
    path.write_bytes(b"[phaseplan]\nplans = \xff\xfe\n")
    with pytest.raises(InputFault, match=re.escape(str(path))):
        settings()


def test_the_file_that_a_variable_names_is_read(written: Written, monkeypatch, tmp_path: Path) -> None:
    written("[phaseplan]\ngate_runs = 1\n")
    (tmp_path / "other.cfg").write_text("[phaseplan]\ngate_runs = 2\n")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONFIG", "$HERE/other.cfg")
    assert settings().gate_runs == 2


def test_a_variable_that_names_itself_is_expanded_a_limited_number_of_times(written: Written, monkeypatch) -> None:
    monkeypatch.setenv("LOOP", "$LOOP/x")
    written("[phaseplan]\nplans = $LOOP\n")
    assert section()["plans"].startswith("$LOOP/x/x")


def test_a_missing_airflow_cfg_is_allowed() -> None:
    assert section() == {}


def test_the_file_that_run_writes_gives_back_every_value(tmp_path: Path, monkeypatch) -> None:
    values = {"repository": "https://me:a%40b@x.example/%20.git", "plans": "/tmp/100 %"}
    config.write(tmp_path / "airflow.cfg", {"phaseplan": values})
    assert section() == values


def test_the_block_of_the_readme_is_right_as_it_stands(written: Written) -> None:
    """Copied into an airflow.cfg it must work: every line a setting or a comment of its own."""
    block = re.search(r"```ini\n(.*?)```", README.read_text(), re.DOTALL)
    assert block is not None
    written(block[1])
    assert set(section()) <= set(Settings.model_fields)
    configured = settings()
    assert configured.repository == "https://git.example.com/team/project.git"
    assert configured.docker_url == "unix:///var/run/docker.sock"
