"""Start our own PID 1 in every container that runs other people's code, so that its exit code is true.

It is root without rights over files and starts the command as the profile's user. The command can neither signal nor
trace it. So a container that ends with the code of a SIGKILL or SIGTERM was stopped by the engine or by a person, and
one of whose end the engine knows nothing has 255; a command that ends like that itself gives another code. See
docs/decisions/031.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
from docker.types import LogConfig

from phaseplan.config.whole_file import write_whole
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import Infrastructure

PLACE = "/phaseplan/pid1"
#: What PID 1 may do and the command may not: change the user, hand over its output, pass a signal on.
RIGHTS = ("SETUID", "SETGID", "SETPCAP", "CHOWN", "KILL")
#: What an engine writes down for a container that it has lost: the machine went down, or containerd and the shim died.
#: It does not know the time either.
LOST = 255
STOPPED = (137, 143, LOST)  # exit codes of the container itself; the first are SIGKILL and SIGTERM
_INSIDE = {209: 137, 215: 143, 227: LOST}  # what PID 1 says where the command ended like that
_VERSION = "1"  # of the files in the cache
_known: dict[str, bytes] = {}  # by image, for this process
_LABEL = "phaseplan.pid1"  # of a container that is there for a second, to take the files from
_OLD = 600  # seconds after which no process waits for such a container

#: Background commands of a shell ignore SIGINT and SIGQUIT, hence `env`. The engine hands its pipes to the user of the
#: first process, hence `chown`; and it looks up that user's home, hence the loop.
_SCRIPT = """\
user=$1 group=$2 home=$3 secrets=$4 at=/phaseplan/pid1; shift 4
ours() { name=$1; shift; "$at/ld" --library-path "$at" "$at/$name" "$@"; }
ours chown "$user:$group" /proc/self/fd/1 /proc/self/fd/3 3>&2 2>/dev/null
if [ "$home" = find ]; then
    HOME=/
    while IFS=: read -r _ _ id _ _ folder _; do
        if [ "$id" = "$user" ]; then HOME=${folder:-/}; break; fi
    done 2>/dev/null </etc/passwd
    export HOME
fi
if [ "$secrets" = secrets ]; then
    umask 377
    while :; do
        read -r name value || exit 255
        if [ "$name" = . ]; then break; fi
        printf %b "$value" >"/run/secrets/$name" && ours chown "$user:$group" "/run/secrets/$name" || exit 255
    done
    umask 22
    unset name value
    exec </dev/null
fi
stopped= again=
trap 'stopped=1 again=1; kill -TERM "$child" 2>/dev/null' TERM INT QUIT HUP
"$at/ld" --library-path "$at" "$at/env" --default-signal=INT,QUIT \
    "$at/ld" --library-path "$at" "$at/setpriv" --bounding-set=-all --inh-caps=-all --ambient-caps=-all \
    --reuid "$user" --regid "$group" --clear-groups -- "$@" &
child=$!
exec 2>/dev/null  # the shell would say how its child ended
wait "$child"; code=$?
while [ -n "$again" ]; do again=; wait "$child"; code=$?; done
if [ -n "$stopped" ]; then exit 143; fi
case $code in 137) exit 209;; 143) exit 215;; 255) exit 227;; esac
exit "$code"
"""
_GATHER = """\
mkdir /pid1 && cd /pid1 || exit 1
for tool in dash setpriv env chown; do
    path=$(command -v "$tool") && cp -L "$path" . || exit 1
    for library in $(ldd "$path" | grep -o '/[^ ]*'); do cp -L "$library" . || exit 1; done
done
mv ld-* ld
"""


def command_line(argv: Sequence[str], user: str, *, has_home: bool, secret_files: bool = False) -> list[str]:
    """Return an entrypoint that runs `argv` as `user` (uid:gid) under PID 1.

    :param has_home: whether the environment says HOME; else it is what the image's /etc/passwd has.
    :param secret_files: whether secrets come over standard input, as `given_secrets` writes them; if that ends before
        their last line, the container ends as one that the engine has lost.
    """
    uid, gid = user.split(":")
    shell = [f"{PLACE}/ld", "--library-path", PLACE, f"{PLACE}/dash"]
    return [
        *shell,
        "-c",
        _SCRIPT,
        "pid1",
        uid,
        gid,
        "keep" if has_home else "find",
        "secrets" if secret_files else "none",
        *argv,
    ]


def code_of(config: Mapping[str, Any], code: int) -> tuple[int, bool]:
    """Return the command's exit code, and whether the container was ended from outside.

    :param config: of the container, as the engine shows it.
    :param code: of the container.
    """
    has_own_pid1 = str((config.get("Entrypoint") or [""])[0]).startswith(PLACE)
    return _INSIDE.get(code, code) if has_own_pid1 else code, code in STOPPED


def files(client: docker.DockerClient, image: str, cache: Path) -> bytes:
    """Return what PID 1 consists of: a shell and three tools from the collector's image, as archive members for `/`.

    :param image: of the collector, which is on the same engine and so of the right kind of machine.
    :param cache: a folder of this worker; there they are kept by the image's id.
    """
    with engine_errors():
        name = str(client.api.inspect_image(image)["Id"]).removeprefix("sha256:")[:32]
    if name not in _known:
        _known[name] = _cached(client, image, cache / "pid1" / f"{name}-{_VERSION}.tar")
    return _known[name]


def _cached(client: docker.DockerClient, image: str, place: Path) -> bytes:
    """Read the files from the cache, or take them from the engine and store them in the cache."""
    if place.is_file():
        return place.read_bytes()
    archive = _owned_by_root(_gathered(client, image))
    place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, archive)
    return archive


def put(client: docker.DockerClient, container_id: str, members: bytes) -> None:
    """Copy the result of `files` into a created container that gets no checkout."""
    with engine_errors():
        client.api.put_archive(container_id, "/", members + bytes(2 * tarfile.BLOCKSIZE))


def _gathered(client: docker.DockerClient, image: str) -> bytes:
    """Return the archive of /pid1 from a container that has put the files there; it reads only its own image."""
    with engine_errors():
        host = client.api.create_host_config(
            network_mode="none", cap_drop=["ALL"], log_config=LogConfig(type=LogConfig.types.JSON)
        )
        for old in client.api.containers(all=True, filters={"label": _LABEL}):
            if old["Created"] < time.time() - _OLD:  # its worker died
                client.api.remove_container(old["Id"], v=True, force=True)
        container_id = client.api.create_container(
            image=image,
            entrypoint=["sh", "-c", _GATHER],
            user="0:0",
            working_dir="/",
            labels={_LABEL: _VERSION},
            host_config=host,
        )["Id"]
        try:
            client.api.start(container_id)
            if client.api.wait(container_id)["StatusCode"]:
                raise Infrastructure(
                    f"image {image} lacks dash, setpriv, env or chown, of which the first process of each container is "
                    "made: build it again (python3 -m provision.images)"
                )
            pieces, _ = client.api.get_archive(container_id, "/pid1")
            return b"".join(pieces)
        finally:
            client.api.remove_container(container_id, v=True, force=True)


def _owned_by_root(archive: bytes) -> bytes:
    """Move the files under /phaseplan, owned by root, readable for all users and writable for none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as old, tarfile.open(fileobj=out, mode="w") as new:
        for folder in ("phaseplan", PLACE[1:]):
            new.addfile(_member(folder, tarfile.DIRTYPE))
        for member in old:
            if (data := old.extractfile(member)) is not None and member.isreg():
                new.addfile(_member(f"phaseplan/{member.name}", tarfile.REGTYPE, member.size), data)
        return out.getvalue()[: new.offset]  # what follows would end the archive


def _member(name: str, kind: bytes, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size = kind, 0o755, size
    return info
