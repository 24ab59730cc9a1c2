"""An engine of our own: started if none answers, stopped by its last user; a foreign engine is never stopped.

A second dockerd on a socket and in a network namespace of its own: in the machine's, it would take the bridge away
from the engine that is there.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from provision.common import ProvisionError
from provision.dockerd import ping
from provision.engine import Engine

TOP = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("dockerd"), reason="starts a dockerd: needs root"),
]


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine that is not started; what a test starts is stopped afterwards."""
    folder = tmp_path_factory.mktemp("e")  # a short name: sockets allow about 100 characters
    (folder / "bin").mkdir()
    apart = folder / "bin/dockerd"
    apart.write_text(f'#!/bin/sh\nexec unshare --net {shutil.which("dockerd")} "$@"\n')
    apart.chmod(0o755)
    monkeypatch.setenv("PATH", f"{apart.parent}:{os.environ['PATH']}")
    before = interfaces()
    args = (f"--data-root={folder}/data", f"--exec-root={folder}/exec", "--bridge=none", "--iptables=false")
    own = Engine(f"unix://{folder}/d.sock", folder / "folder", args, ours_to_start=True)
    yield own
    own.stop()
    for mount in (folder / "data", folder / "exec/netns/default"):
        subprocess.run(["umount", "--quiet", "--lazy", str(mount)], check=False, capture_output=True)
    assert processes_of(own) == []
    assert interfaces() >= before, "the machine's own network was touched"


def interfaces() -> set[str]:
    """List the machine's network interfaces, except those of containers and networks, which other tests remove."""
    return {name for _, name in socket.if_nameindex() if not name.startswith(("veth", "br-"))}


def processes_of(engine: Engine) -> list[str]:
    """Command lines of everything that runs for this engine."""
    mark, lines = str(engine.folder.parent), []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # gone meanwhile
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if mark in line and ("dockerd" in line.split()[0] or "containerd" in line.split()[0]):
                lines.append(line)
    return lines


def program(engine: Engine, *verb: str) -> list[str]:
    """Return the command line for this verb of the engine."""
    given = [f"--dockerd-arg={arg}" for arg in engine.args]
    where = ["--host", engine.host, "--folder", str(engine.folder)]
    return [sys.executable, "-m", "provision.engine", *where, *given, *verb]


def call(engine: Engine, *verb: str) -> subprocess.CompletedProcess[str]:
    """Do a verb to the end."""
    return subprocess.run(program(engine, *verb), cwd=TOP, capture_output=True, text=True, timeout=60)


def start(engine: Engine) -> None:
    """Start it in this process."""
    with engine.deciding():
        engine.start(keep=False)


def eventually(condition, seconds: float = 20) -> bool:
    """Say whether a condition becomes true in time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return bool(condition())


def test_during_gives_an_engine_and_the_exit_code_and_leaves_nothing(engine: Engine) -> None:
    done = call(engine, "during", "sh", "-c", "docker version --format {{.Server.Os}}; exit 7")
    assert (done.stdout, done.returncode) == ("linux\n", 7)
    assert ping(engine.host) is not None
    assert processes_of(engine) == []


def test_the_last_user_stops_it(engine: Engine, tmp_path: Path) -> None:
    inner = program(engine, "during", "true")
    with subprocess.Popen(program(engine, "during", "sh", "-c", f"touch {tmp_path}/up; sleep 60"), cwd=TOP) as first:
        assert eventually((tmp_path / "up").exists)
        assert subprocess.run(inner, cwd=TOP, timeout=60).returncode == 0
        assert ping(engine.host) is None, "the first user still needs it"
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 143
    assert ping(engine.host) is not None
    assert processes_of(engine) == []


def test_an_engine_started_to_stay_is_not_stopped(engine: Engine) -> None:
    assert call(engine, "start").returncode == 0
    assert call(engine, "during", "true").returncode == 0
    assert ping(engine.host) is None
    assert "started by us" in call(engine, "status").stderr
    assert call(engine, "stop").returncode == 0
    assert processes_of(engine) == []
    assert call(engine, "stop").stderr == "", "stopping twice is stopping once"


def test_an_engine_that_answered_before_is_not_stopped(engine: Engine, tmp_path: Path) -> None:
    assert call(engine, "start").returncode == 0
    other = Engine(engine.host, tmp_path / "elsewhere", engine.args, ours_to_start=True)
    assert call(other, "during", "true").returncode == 0
    assert call(other, "stop").returncode == 0
    assert ping(engine.host) is None


def test_processes_left_by_a_killed_daemon_are_stopped(engine: Engine) -> None:
    call(engine, "start")
    daemon = engine.recall().processes[0]
    os.kill(daemon.pid, signal.SIGKILL)
    assert eventually(lambda: not daemon.alive())
    assert call(engine, "stop").returncode == 0
    assert processes_of(engine) == []
    assert call(engine, "during", "true").returncode == 0, "the next one is not in the way of what is left"


def test_a_daemon_that_cannot_start_says_why(engine: Engine) -> None:
    broken = Engine(engine.host, engine.folder, (*engine.args, "--log-level=nonsense"), ours_to_start=True)
    with pytest.raises(ProvisionError, match="nonsense"):
        start(broken)
    assert not broken.recall().ours


def test_an_engine_named_in_docker_host_is_never_started(engine: Engine) -> None:
    theirs = Engine(engine.host, engine.folder, engine.args, ours_to_start=False)
    with pytest.raises(ProvisionError, match="unset DOCKER_HOST"):
        start(theirs)
    assert processes_of(engine) == []
