"""Debian's ssh server with keys, port and users of a test's own: nothing is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from phaseplan.cli.local_airflow.port import free_port

PACKAGES = ("openssh-server", "libwrap0")
_EMPTY = Path("/run/sshd")  # where the server locks itself in; its package makes it when it starts
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/me.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""


class Sshd:
    """One server, which lets in who has the key of this folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        for name in ("host", "me", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (folder / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=folder))
        # The server gives up its rights as this user, who is on the machine only where the package is installed.
        known = Path("/etc/passwd").read_text()
        more = "" if "\nsshd:" in known else "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
        (folder / "passwd").write_text(known + more)
        self._program = self._unpacked()
        self._made = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the engine behind it."""
        return f"ssh://root@127.0.0.1:{self.port}"

    def client(self, *, key: str = "me", host: str = "host") -> None:
        """Write what the ssh program of the worker's user knows: its key, and the server's."""
        words = (self.folder / f"{host}.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {' '.join(words)}\n")
        lines = (
            f"IdentityFile {self.folder / key}\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder / 'known_hosts'}\n"
        )
        (self.folder / "ssh_config").write_text(lines + "GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n")
        program = self.folder / "bin/ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh", path=os.defpath)} -F {self.folder}/ssh_config "$@"\n')
        program.chmod(0o755)

    def start(self) -> None:
        """Start the server, in a mount namespace of its own, and wait until it listens."""
        self._made = not _EMPTY.exists()
        _EMPTY.mkdir(exist_ok=True)
        script = (
            f"mount --bind {self.folder}/passwd /etc/passwd; exec {self._program} -D -e -f {self.folder}/sshd_config"
        )
        env = {**os.environ, "LD_LIBRARY_PATH": str(self.folder / "x/lib/x86_64-linux-gnu")}
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(["unshare", "--mount", "sh", "-ec", script], env=env, stderr=log)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < until, (self.folder / "sshd.log").read_text()
                time.sleep(0.1)

    def stop(self) -> None:
        """Kill the server and every connection of it."""
        if self._process:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            for number in [*children, str(self._process.pid)]:
                subprocess.run(["kill", "-9", number], capture_output=True)
            self._process.wait()
            self._process = None
            if self._made:
                _EMPTY.rmdir()

    def _unpacked(self) -> str:
        """The program: the machine's, else out of the packages, which are not installed."""
        if found := shutil.which("sshd", path="/usr/sbin"):
            return found
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=self.folder, check=True, capture_output=True)
        for package in self.folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, self.folder / "x"], check=True)
        libraries = self.folder / "x/lib/x86_64-linux-gnu"
        libraries.mkdir(parents=True, exist_ok=True)
        for library in (self.folder / "x/usr/lib/x86_64-linux-gnu").glob("libwrap*"):
            shutil.copy(library, libraries)
        return str(self.folder / "x/usr/sbin/sshd")
