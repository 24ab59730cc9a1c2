"""A Docker engine of our own, in namespaces of its own, that may be killed: the machine's engine never is."""

from __future__ import annotations

import ctypes
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from provision.dockerd import ping

#: First process of the namespaces: takes in orphans, and when it ends the kernel ends all the others with it.
_HOLDER = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True: signal.pause()"
#: Hands the socket over as an init system does: opened outside, it leads in from the machine.
_DOOR = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&0'
_BRIDGE = "172.31.255.1/24"
_NETWORK_NAMESPACE = 0x40000000  # CLONE_NEWNET
PATIENCE = 60.0  # seconds for an engine to answer


class PrivateEngine:
    """dockerd and its containerd under one folder. Its networks lead nowhere but to what listens inside.

    :param door: a port of the machine at which it listens as well, as `words` say.
    """

    def __init__(self, folder: Path, door: socket.socket | None = None, words: Sequence[str] = ()) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"unix://{folder / 'docker.sock'}"
        self._door, self._words = door, words
        # Its own network namespace, or it would take the bridge of the machine's engine for its own, or remove it.
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._holder = subprocess.Popen([*unshare, sys.executable, "-c", _HOLDER])
        self._inside = self._first_inside()

    def _first_inside(self) -> int:
        """Process id, seen from here, of the namespaces' first process."""
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := children.read_text().split():
                return int(found[0])
            time.sleep(0.02)
        raise AssertionError("unshare made no namespaces")

    def enter(self, *command: str) -> list[str]:
        """A command inside. It cannot see, and so not kill, any process outside."""
        return ["nsenter", "--target", str(self._inside), "--net", "--mount", "--pid", "--", *command]

    def join_network(self) -> None:
        """Have the calling thread open its sockets inside, where containers reach them."""
        with Path(f"/proc/{self._inside}/ns/net").open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NETWORK_NAMESPACE):
                raise OSError(ctypes.get_errno(), "setns")

    def start(self) -> None:
        """Start dockerd and wait until it answers."""
        folder = self.folder
        (folder / "dockerd.pid").unlink(missing_ok=True)
        dockerd = ["dockerd", f"--host={self.url}", f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}"]
        dockerd += [f"--pidfile={folder / 'dockerd.pid'}", "--iptables=false", "--ip6tables=false"]
        dockerd += [f"--bip={_BRIDGE}"]  # chosen by itself, it would be the machine's
        if self._door:
            dockerd = ["sh", "-c", _DOOR, "sh", *dockerd, "--host=fd://", *self._words]
        with (folder / "dockerd.log").open("ab") as log:
            command = self.enter("setsid", "--fork", *dockerd)
            subprocess.run(command, check=True, stdin=self._door or subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while (trouble := ping(self.url)) is not None:
            assert time.monotonic() < until, f"{trouble}\n{(folder / 'dockerd.log').read_text()[-3000:]}"
            time.sleep(0.1)

    def kill(self, dice: random.Random) -> str:
        """SIGKILL to dockerd, to its containerd, or to both; then what is dead is started again.

        The kernel kills containerd with the dockerd that started it, the containers' shims live on.
        """
        files = {"dockerd": self.folder / "dockerd.pid", "containerd": self.folder / "exec/containerd/containerd.pid"}
        victims = dice.choice((("dockerd",), ("containerd",), ("containerd", "dockerd")))
        numbers = [files[name].read_text().strip() for name in victims]
        subprocess.run(self.enter("kill", "-9", *numbers), check=True)
        if "dockerd" in victims:  # which starts a new containerd by itself
            time.sleep(dice.uniform(0.5, 5))  # how long nobody answers
            self.start()
        return " and ".join(victims)

    def kill_containerd(self, *others: str) -> None:
        """SIGKILL to containerd, and to more processes at the same moment; dockerd starts a new containerd."""
        number = (self.folder / "exec/containerd/containerd.pid").read_text().strip()
        subprocess.run(self.enter("kill", "-9", number, *others), check=True)

    def load(self, images: Sequence[str]) -> None:
        """Copy images from the machine's engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
            subprocess.run(["docker", "-H", self.url, "load", "-q"], check=True, stdin=save.stdout, capture_output=True)
            assert save.wait() == 0

    def die(self) -> None:
        """SIGKILL to every process of it, as when its machine loses power; its folder stays."""
        self._holder.kill()
        self._holder.wait()

    def stop(self) -> None:
        """End every process of it and remove its folder."""
        listed = subprocess.run(["docker", "-H", self.url, "ps", "-aq"], capture_output=True, text=True).stdout.split()
        if listed:
            subprocess.run(["docker", "-H", self.url, "rm", "-f", "-v", *listed], capture_output=True)
        self._holder.kill()
        self._holder.wait()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.folder.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(0.1)
