"""A secret as a file: what a profile may ask for, and how the values travel and come back, without an engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import ValidationError

from phaseplan.containers import given_secrets, pid1
from phaseplan.plan.agents import AgentProfile, SecretSource
from phaseplan.plan.digest import without_defaults

FILE = {"connection": "c", "file": "/run/secrets/api_key"}
VALUES = ["plain", " spaces around \n", "-----BEGIN-----\nline\\n\n%s\\0101\n-----END-----\n", "ü\t\r'\"$(x)`;", ""]


def profile(**secrets: object) -> AgentProfile:
    return AgentProfile.model_validate({"image": "x:1", "secrets": secrets})


def test_a_file_is_named_in_the_reference_and_hashed_only_where_it_is_written() -> None:
    made = profile(A=FILE, B={**FILE, "field": "extra.a", "file": "/run/secrets/b"}, C={"connection": "c"})
    assert [SecretSource.parse(reference) for _, reference in made.references] == list(made.sources.values())
    assert without_defaults(made)["secrets"]["C"] == {"connection": "c"}
    assert given_secrets.paths_of(made) == {"A": "/run/secrets/api_key", "B": "/run/secrets/b"}
    assert given_secrets.files_of(made, {"A": "1", "B": "2", "C": "3"}) == {"api_key": "1", "b": "2"}


@pytest.mark.parametrize("file", ["key", "/etc/passwd", "/run/secrets/", "/run/secrets/.x", "/run/secrets/a/b",
                                  "/run/secrets/../x", "/run/secrets/a b", "/run/secrets/."])  # fmt: skip
def test_a_file_outside_its_folder_is_refused(file: str) -> None:
    with pytest.raises(ValidationError, match="write /run/secrets/NAME"):
        profile(A={"connection": "c", "file": file})


def test_one_file_for_two_secrets_is_refused() -> None:
    with pytest.raises(ValidationError, match="two secrets have the file /run/secrets/api_key"):
        profile(A=FILE, B=FILE)


def test_a_file_for_the_key_that_stays_in_the_gateway_is_refused() -> None:
    with pytest.raises(ValidationError, match="the provider's key stays in the gateway"):
        AgentProfile.model_validate({"use": "codex", "secrets": {"key": FILE}})
    AgentProfile.model_validate({"use": "codex", "secrets": {"key": FILE}, "gateway": False})


def first_process(folder: Path, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run our first process as it runs in a container, but with its folders below another."""
    tools, secrets = folder / "pid1", folder / "secrets"
    tools.mkdir()
    secrets.mkdir()
    folder.chmod(0o755)
    (tools / "ld").write_text('#!/bin/sh\nshift 2\nname=${1##*/}; shift\nexec "$name" "$@"\n')
    (tools / "ld").chmod(0o755)
    argv = pid1.command_line(["sh", "-c", 'cat; id -u; cat "$0"/*', str(secrets)], f"{os.getuid() or 1000}:1000",
                             has_home=True, secret_files=True)  # fmt: skip
    script = argv[argv.index("-c") + 1].replace("/phaseplan/pid1", str(tools)).replace("/run/secrets", str(secrets))
    return subprocess.run(["dash", "-c", script, *argv[argv.index("-c") + 2 :]], input=stdin, capture_output=True)


needs_root = pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="it changes the user")


@needs_root
@pytest.mark.parametrize("value", VALUES)
def test_every_value_arrives_byte_by_byte_for_its_owner_alone(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    with tempfile.TemporaryDirectory(prefix="phaseplan-test-") as folder:  # which another user may enter
        done = first_process(Path(folder), given_secrets._lines({"k": value}))
        assert done.stdout == b"1000\n" + value.encode(), done.stderr
        assert done.returncode == 0
        status = (Path(folder) / "secrets" / "k").stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o400, 1000, 1000)


@needs_root
@pytest.mark.parametrize("cut", [0, 5, -3, -1])
def test_an_input_that_ends_early_starts_no_agent(tmp_path: Path, cut: int) -> None:
    whole = given_secrets._lines({"k": "a-value-of-some-length"})
    done = first_process(tmp_path, whole[:cut])
    assert (done.returncode, done.stdout) == (pid1.LOST, b"")
    assert pid1.code_of({"Entrypoint": [f"{pid1.PLACE}/ld"]}, done.returncode) == (255, True)


def test_the_key_of_an_installation_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first, second = (given_secrets._key(tmp_path / "state", make=True) for _ in range(2))
    assert first == second and len(first) == 44
    (file,) = (tmp_path / "state").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("own", [False, True])
def test_what_one_worker_seals_another_opens_by_the_shared_key_also_after_its_rotation(
    tmp_path: Path, own: bool
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = given_secrets._keys(tmp_path / "one", old, make=True).encrypt(b"value")
    assert not (tmp_path / "one").exists(), "a worker makes a key of its own only where none is shared"
    if own:
        given_secrets._key(tmp_path / "two", make=True)
    assert given_secrets._keys(tmp_path / "two", f"{new},{old}").decrypt(token) == b"value"
    with pytest.raises(InvalidToken):
        given_secrets._keys(tmp_path / "two", new).decrypt(token)


def test_what_is_put_into_the_container_holds_no_value_and_nothing_without_files(tmp_path: Path) -> None:
    sealed = given_secrets.seal(profile(A=FILE), {"A": "correct-horse-battery"}, tmp_path)
    assert sealed and b"correct-horse" not in sealed and len(sealed) % 512 == 0
    assert given_secrets.seal(profile(A="c"), {"A": "correct-horse-battery"}, tmp_path / "other") == b""
    assert not (tmp_path / "other").exists()
