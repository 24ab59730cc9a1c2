"""Settings and secrets of the stack: made once, kept, and never a default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provision.common import ProvisionError
from provision.compose import Container
from provision.stack_settings import SECRETS, ensure_secrets, ensure_settings, read


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a file in place of the engine's socket: only its group matters."""
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    monkeypatch.delenv("AIRFLOW__PHASEPLAN__REPOSITORY", raising=False)
    return socket


def test_secrets_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "a")
    first = {name: (tmp_path / "a" / name).read_text() for name in SECRETS}
    ensure_secrets(tmp_path / "a")
    ensure_secrets(tmp_path / "b")
    assert first == {name: (tmp_path / "a" / name).read_text() for name in SECRETS}
    for name, value in first.items():
        assert (tmp_path / "a" / name).stat().st_mode & 0o777 == 0o600
        assert value == "" if name.startswith("git_") else len(value) >= 24
        assert not value or value != (tmp_path / "b" / name).read_text()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert {path.name for path in (tmp_path / "a").iterdir()} == set(SECRETS)


def test_what_a_person_set_stays_and_what_the_machine_decides_is_corrected(tmp_path: Path, engine: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("# mine\nPHASEPLAN_PORT=9\nOTHER=x=y\nPHASEPLAN_DOCKER_GROUP=4711")
    made = ensure_settings(file)
    assert made == read(file) and made["PHASEPLAN_PORT"] == "9" and made["OTHER"] == "x=y"
    assert made["PHASEPLAN_DOCKER_GROUP"] == str(engine.stat().st_gid)
    text = file.read_text()
    assert text.startswith("# mine\nPHASEPLAN_PORT=9\n") and text.count("PHASEPLAN_DOCKER_GROUP") == 1
    os.utime(file, (1, 1))
    assert ensure_settings(file) == made and file.stat().st_mtime == 1, "written again for nothing"


@pytest.mark.parametrize("local", ["/srv/x.git", "../x.git", "file:///srv/x.git", "x.git"])
def test_a_folder_is_no_target(local: str, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text(f"PHASEPLAN_REPOSITORY={local}\n")
    with pytest.raises(ProvisionError, match="a folder of this machine"):
        ensure_settings(tmp_path / "settings")


@pytest.mark.parametrize("remote", ["https://git.example.com/x.git", "git@host:x.git", "ssh://h/x.git", "git://h/x"])
def test_an_address_of_another_machine_is_a_target(remote: str, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text(f"PHASEPLAN_REPOSITORY={remote}\n")
    assert ensure_settings(tmp_path / "settings")["PHASEPLAN_REPOSITORY"] == remote


def test_an_engine_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2376")
    with pytest.raises(ProvisionError, match="it runs where that is"):
        ensure_settings(tmp_path / "settings")


@pytest.mark.parametrize(
    ("state", "status", "fine", "failed"),
    [
        ("running", "Up 3 seconds (healthy)", True, False),
        ("running", "Up 3 seconds (health: starting)", False, False),
        ("running", "Up 3 seconds (unhealthy)", False, False),
        ("running", "Up 3 seconds", True, False),
        ("exited", "Exited (0) 2 seconds ago", True, False),
        ("exited", "Exited (1) 2 seconds ago", False, True),
        ("restarting", "Restarting (2) 1 second ago", False, False),
        ("created", "Created", False, False),
    ],
)
def test_what_the_engine_says_of_a_container(state: str, status: str, fine: bool, failed: bool) -> None:
    one = Container("x", state, status, "id")
    assert (one.fine, one.failed) == (fine, failed)
