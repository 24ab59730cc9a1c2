"""Asking a Docker engine whether it is there, and starting one of our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from provision.common import ProvisionError, install, known_package, output, say
from provision.process import Process

_PATIENCE = 60.0  # seconds for a new engine to answer
_GRAPH_TROUBLE = ("graphdriver", "overlay", "storage-driver")


def ping(host: str) -> str | None:
    """None when the engine at `host` answers, else why not."""
    if not host.startswith("unix://"):
        answer = output("docker", "-H", host, "version", "--format", "{{.Server.Version}}", timeout=10)
        return None if answer else "no answer"
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(10)
            wire.connect("/" + host.removeprefix("unix://").lstrip("/"))
            wire.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            first = wire.recv(256).partition(b"\r\n")[0].decode(errors="replace")
    except PermissionError:
        return "permission denied"
    except OSError as fault:
        return fault.strerror or "no answer"
    return None if " 200 " in first else f"it answered {first!r}"


def need_package() -> bool:
    """Make sure of dockerd and the client; True when this installed them."""
    missing = [name for name in ("dockerd", "docker") if shutil.which(name) is None]
    if not missing:
        return False
    install("docker.io", "iptables", why=f"no Docker engine here ({' and '.join(missing)} missing)")
    if shutil.which("docker") is None and known_package("docker-cli"):  # split off since Debian 13
        install("docker-cli", why="the docker client is missing")
    return "dockerd" in missing


def stop_service() -> None:
    """Stop the service that the package's installation started, where the machine has an init system."""
    for unit in ("docker.socket", "docker", "containerd"):
        by_systemd = Path("/run/systemd/system").is_dir()
        command = ["systemctl", "stop", unit] if by_systemd else ["service", unit, "stop"]
        subprocess.run(command, check=False, capture_output=True)


def need_client() -> None:
    """Make sure of the `docker` command, which builds the images; the engine may be elsewhere."""
    if shutil.which("docker") is None:
        package = "docker-cli" if known_package("docker-cli") else "docker.io"
        install(package, why="the `docker` command is missing")


def need_cgroups() -> None:
    """Mount the control groups where nothing did: a container or a virtual machine without an init system."""
    kinds = {line.split()[2] for line in Path("/proc/mounts").read_text().splitlines()}
    if not kinds & {"cgroup", "cgroup2"}:
        if shutil.which("cgroupfs-mount") is None:
            install("cgroupfs-mount", why="no control groups are mounted")
        subprocess.run(["cgroupfs-mount"], check=False)


def launch(host: str, folder: Path, args: Sequence[str]) -> Process:
    """Start dockerd in the background and wait until it answers.

    :param folder: gets its log, and its pid file.
    :raises ProvisionError: it ended, or does not answer in time; the message has the end of its log.
    """
    need_cgroups()
    daemon = _start(host, folder, args)
    if daemon is None and _storage_trouble(folder / "dockerd.log"):
        say("the engine cannot use its preferred storage here: using vfs, which is slower and takes more disk")
        daemon = _start(host, folder, [*args, "--storage-driver=vfs"])
    if daemon is None:
        raise ProvisionError(f"dockerd does not start here. The end of {folder / 'dockerd.log'}:\n{_tail(folder)}")
    return daemon


def _start(host: str, folder: Path, args: Sequence[str]) -> Process | None:
    """Try once to start dockerd; None if it ended or stayed silent (then it is stopped)."""
    command = ["dockerd", f"--host={host}", f"--pidfile={folder / 'dockerd.pid'}", *args]
    (folder / "dockerd.pid").unlink(missing_ok=True)
    _forget_dead_containerd(args)
    env = {**os.environ, "PATH": os.pathsep.join([*_iptables(folder), os.environ.get("PATH", os.defpath)])}
    with (folder / "dockerd.log").open("w") as log:
        child = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env, start_new_session=True
        )
    process = Process.of(child.pid)
    try:
        if process and _answers(host, child):
            return process
    except BaseException:  # Ctrl-C above all: no later call would know this daemon
        _end(process)
        raise
    _end(process)
    return None


def _forget_dead_containerd(args: Sequence[str]) -> None:
    """Remove the pid file of a killed containerd: until its parent reaps it, dockerd takes it for alive."""
    roots = [arg.partition("=")[2] for arg in args if arg.startswith("--exec-root=")]
    record = Path(roots[-1] if roots else "/var/run/docker") / "containerd" / "containerd.pid"
    with suppress(OSError, ValueError):  # no record, or none that dockerd would believe
        if Process.of(int(record.read_text())) is None:
            record.unlink()


def _answers(host: str, child: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < until:
        if ping(host) is None:
            return True
        time.sleep(0.1)
    return False


def _end(process: Process | None) -> None:
    if process:
        for one in (process, *process.children()):
            one.stop(grace=10)


def _storage_trouble(log: Path) -> bool:
    last = "\n".join(log.read_text(errors="replace").splitlines()[-3:])
    return any(word in last for word in _GRAPH_TROUBLE)


def _tail(folder: Path) -> str:
    return "\n".join((folder / "dockerd.log").read_text(errors="replace").splitlines()[-8:])


def _iptables(folder: Path) -> list[str]:
    """Return a folder to put before PATH if the kernel has only the legacy packet filter, as small ones do."""
    probe = ("-w", "-t", "nat", "-L", "-n")
    if output("iptables", *probe) is not None or output("iptables-legacy", *probe) is None:
        return []
    shims = folder / "bin"
    shims.mkdir(exist_ok=True)
    for name in ("iptables", "ip6tables"):
        target = shutil.which(f"{name}-legacy")
        if target and not (shims / name).exists():
            (shims / name).symlink_to(target)
    return [str(shims)]
