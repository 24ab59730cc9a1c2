"""Provide a Docker engine for as long as one is needed: the one that answers, else one of our own, stopped afterwards.

python3 -m provision.engine [--host H] [--folder D] [--dockerd-arg A]... start | stop | status
python3 -m provision.engine ... during COMMAND...   engine there, run the command, its exit code
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from provision.common import TOP, ProvisionError, can_install, finish, output, say
from provision.dockerd import launch, need_client, need_package, ping, stop_service
from provision.process import Process, attend

SOCKET = "unix:///var/run/docker.sock"
_STOP_GRACE = 30.0  # seconds; dockerd gives its containers 10 of them


@dataclass(frozen=True)
class Memory:
    """Hold what we started: dockerd and its containerd, or the distribution's service; and whether to keep it."""

    keep: bool = False
    service: bool = False
    processes: tuple[Process, ...] = ()

    @property
    def ours(self) -> bool:
        """Say whether the engine that answers is of our making."""
        return self.service or bool(self.processes)


@dataclass(frozen=True)
class Engine:
    """The engine at `host`, and what we remember about having started it, in `folder`."""

    host: str
    folder: Path
    args: tuple[str, ...]
    ours_to_start: bool  # False: DOCKER_HOST names it, so the user starts it

    @property
    def record(self) -> Path:
        """Return the file that says which processes we started, and whether they outlast their users."""
        return self.folder / "started.json"

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Let one process at a time start or stop the engine."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "deciding.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start(self, keep: bool) -> None:
        """Have an engine that answers, starting one if none does.

        :param keep: it outlasts its users, until `stop`.
        """
        trouble = ping(self.host)
        if trouble is None:
            need_client()
            memory = self.recall()
            if keep and memory.ours:
                self.remember(memory.processes, keep=True, service=memory.service)
            return
        self.refuse_if_not_ours(trouble)
        if need_package() and ping(self.host) is None:
            self.remember([], keep=keep, service=True)  # the package started it: the machine has an init system
            return
        say(f"starting a Docker engine (log: {self.folder / 'dockerd.log'})")
        daemon = launch(self.host, self.folder, self.args)
        self.remember([daemon, *daemon.children()], keep=keep)
        driver = output("docker", "-H", self.host, "info", "--format", "{{.Driver}}")
        if driver == "vfs":
            say("note: the engine stores layers with vfs here: correct, but slower and larger than overlay2")

    def refuse_if_not_ours(self, trouble: str) -> None:
        """Say exactly what to do where we must not, or cannot, start an engine ourselves."""
        where = f"No Docker engine answers at {self.host} ({trouble})."
        if not self.ours_to_start:
            raise ProvisionError(f"{where} DOCKER_HOST names it: start it, or unset DOCKER_HOST to use one here.")
        if trouble == "permission denied":
            raise ProvisionError(f"{where} You may not use it: `sudo usermod -aG docker $USER`, then log in again.")
        if os.geteuid() != 0:
            raise ProvisionError(
                f"{where} Start it: `sudo systemctl start docker`; "
                "where it is not installed, on Debian or Ubuntu: `sudo apt-get install docker.io && "
                "sudo usermod -aG docker $USER`, then log in again. A rootless or remote engine: set DOCKER_HOST."
            )
        if not can_install():
            say("this is no Debian or Ubuntu: using the dockerd on PATH, if there is one")

    def remember(self, processes: Sequence[Process], keep: bool, service: bool = False) -> None:
        """Write down what we started, so that exactly that is stopped, even by a later command."""
        pairs = [[p.pid, p.born] for p in processes]
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps({"keep": keep, "service": service, "processes": pairs}))
        fresh.replace(self.record)

    def recall(self) -> Memory:
        """Read what we started and still runs; nothing if the record is missing or from before a reboot."""
        try:
            data = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return Memory()
        alive = tuple(p for p in (Process(*pair) for pair in data["processes"]) if p.alive())
        return Memory(bool(data["keep"]), bool(data["service"]), alive)

    def stop(self) -> bool:
        """Stop what we started, containerd too, and nothing else; False when that was nothing."""
        memory = self.recall()
        for process in memory.processes:
            process.stop(_STOP_GRACE)
        if memory.service:
            stop_service()
        self.record.unlink(missing_ok=True)
        return memory.ours

    @contextmanager
    def used(self) -> Iterator[None]:
        """Provide an engine while the block runs. Its last user stops it, if it was started for such use."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "users.lock").open("w") as users:
            with self.deciding():
                fcntl.flock(users, fcntl.LOCK_SH)
                self.start(keep=False)
            try:
                yield
            finally:
                with self.deciding():
                    if _alone(users) and not self.recall().keep:
                        self.stop()


def _alone(users: IO[str]) -> bool:
    """Say whether no other process holds the lock that every user of the engine shares."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main(argv: list[str]) -> int:
    """Carry out one verb; see the top of this file."""
    parser = argparse.ArgumentParser(prog="python3 -m provision.engine", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--host", help="the engine's socket, unix:///...; default: DOCKER_HOST, else the usual one")
    parser.add_argument("--folder", type=Path, default=TOP / ".phaseplan" / "engine", help="log, pid file, memory")
    parser.add_argument("--dockerd-arg", action="append", default=[], metavar="ARG", help="for dockerd, if we start it")
    parser.add_argument("verb", choices=["start", "stop", "status", "during"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every `finally` runs
    named = os.environ.get("DOCKER_HOST")
    host = args.host or named or SOCKET
    engine = Engine(host, args.folder.resolve(), tuple(args.dockerd_arg), bool(args.host) or not named)
    if args.verb == "during":
        with engine.used():
            return attend(args.command, {} if host == SOCKET else {"DOCKER_HOST": host})
    return _simple(engine, args.verb)


def _simple(engine: Engine, verb: str) -> int:
    if verb == "status":
        trouble = ping(engine.host)
        say(f"{engine.host}: {trouble or 'answers'}{', started by us' if engine.recall().ours else ''}")
        return 2 if trouble else 0
    with engine.deciding():
        if verb == "start":
            engine.start(keep=True)
        elif engine.stop():
            say("stopped the Docker engine that was started for this checkout")
    return 0


if __name__ == "__main__":
    finish(main)
