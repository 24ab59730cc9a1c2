"""What a step is made from decides whether it is done again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provision import base, environment, images
from provision.common import TOP, ProvisionError, digest, run
from provision.process import Process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with a file, a program and a link."""
    root = tmp_path / "context"
    (root / "sub").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM x\n")
    (root / "sub/agent").write_text("#!/bin/sh\n")
    (root / "link").symlink_to("Dockerfile")
    return root


def test_the_digest_covers_the_present_files(folder: Path) -> None:
    first = digest([folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_text("noise")
    assert digest([folder]) == first


@pytest.mark.parametrize("change", ["content", "name", "mode", "link", "word"])
def test_the_digest_changes_with_every_ingredient(folder: Path, change: str) -> None:
    first, agent = digest([folder], "base"), folder / "sub/agent"
    if change == "content":
        agent.write_text("#!/bin/sh \n")
    elif change == "name":
        agent.rename(folder / "sub/agent2")
    elif change == "mode":
        agent.chmod(0o755)
    elif change == "link":
        (folder / "link").unlink()
        (folder / "link").symlink_to("sub/agent")
    assert digest([folder], "other" if change == "word" else "base") != first


def test_a_failure_shows_what_the_command_said() -> None:
    with pytest.raises(ProvisionError, match=r"exit code 3\nno space left"):
        run("sh", "-c", "echo no space left >&2; exit 3", quiet=True)


def test_a_reused_number_is_another_process() -> None:
    with subprocess.Popen(["sleep", "30"]) as child:
        real = Process.of(child.pid)
        assert real and real.alive() and not Process(child.pid, real.born - 1).alive()
        Process(child.pid, real.born - 1).stop(grace=1)
        assert real.alive(), "a process that only has the number was left alone"
        real.stop(grace=5)
        assert not real.alive()


def test_an_unknown_image_is_named() -> None:
    with pytest.raises(ProvisionError, match=r"no such image: nonsense:1\. There are: phaseplan/collector:2"):
        images.ensure(["nonsense:1"])


@pytest.mark.parametrize(
    ("line", "mirror"),
    [
        ("deb http://mirror.example/debian bookworm main", "http://mirror.example/debian"),
        ("deb [signed-by=/k] https://mirror.example/debian/ bookworm main", "https://mirror.example/debian/"),
        ("URIs: http://mirror.example/debian", "http://mirror.example/debian"),
    ],
)
def test_mirrors_are_read_from_both_kinds_of_source(line: str, mirror: str) -> None:
    assert base.ENTRY.findall(f"# a comment\n{line}\n") == [mirror]


def test_the_lock_names_every_direct_requirement_and_no_host() -> None:
    lock = [line for line in environment.LOCK.read_text().splitlines() if line and not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and " " not in line for line in lock)
    direct = (line.split("#")[0].strip() for path in environment.REQUIREMENTS for line in path.read_text().splitlines())
    assert {line for line in direct if line} <= set(lock)


def test_provisioning_needs_nothing_but_python() -> None:
    steps = ("environment", "engine", "images", "browser", "sample", "clean", "leftovers", "stack")
    code = "; ".join(f"import provision.{step}" for step in steps)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = [{str(TOP)!r}]; {code}"])
    assert done.returncode == 0


def test_an_environment_behind_a_link_is_never_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make environment` in a second work tree emptied the environment of the first while its tests ran."""
    theirs, link = tmp_path / "theirs", tmp_path / ".venv"
    theirs.mkdir()
    (theirs / "kept").write_text("x")
    link.symlink_to(theirs)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "VENV", link)
    monkeypatch.setattr(environment, "STAMP", link / ".made-from")
    monkeypatch.setattr(environment, "run", lambda *command, **_: called.append(command))
    with pytest.raises(ProvisionError, match=f"is a symbolic link to {theirs}, .* remove the link") as raised:
        environment.ensure()
    assert "Next: run `make environment` where it belongs" in str(raised.value)
    link.unlink()
    link.write_text("x")
    with pytest.raises(ProvisionError, match="is no folder"):
        environment.make("python3", "3.11.0")
    assert called == [] and (theirs / "kept").read_text() == "x"
