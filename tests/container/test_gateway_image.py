"""The gateway's image: it starts as the agent's user, without rights, from files that were copied in."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container

from tests.container.conftest import TOP

pytestmark = pytest.mark.docker
IMAGE = "phaseplan/gateway:1"
POLICY = {"version": 1, "token": "worthless", "provider": {"kind": "anthropic", "base_url": "http://192.0.2.1"},
          "egress": ["metadata.example.org"], "wait": 1}  # fmt: skip
ASK = """
import urllib.request, urllib.error
try: urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8080/v1/messages", b"{}"))
except urllib.error.HTTPError as error: print(error.code, error.read().decode())
"""
TUNNEL = """
import socket
sock = socket.create_connection(("127.0.0.1", 8081))
sock.sendall(b"CONNECT metadata.example.org:443 HTTP/1.1\\r\\nHost: metadata.example.org:443\\r\\n\\r\\n")
print(sock.recv(65536))
"""


@pytest.fixture
def gateway(client: docker.DockerClient) -> Iterator[Container]:
    """A gateway in a container without network, ready."""
    if not client.images.list(IMAGE):
        client.images.build(path=str(TOP / "images/gateway"), tag=IMAGE, network_mode="host", rm=True)
    container = client.containers.create(
        IMAGE, network_mode="none", user="1000:1000", cap_drop=["ALL"], security_opt=["no-new-privileges:true"],
        mem_limit="192m", pids_limit=64, extra_hosts={"metadata.example.org": "169.254.169.254"},
    )  # fmt: skip
    try:
        container.put_archive("/phaseplan", packed({"policy.json": json.dumps(POLICY), "key": "sk-real"}))
        container.start()
        until = time.monotonic() + 60
        while b"ready" not in container.logs():
            assert time.monotonic() < until, container.logs()
            time.sleep(0.1)
        yield container
    finally:
        container.remove(force=True, v=True)


def packed(files: dict[str, str]) -> bytes:
    """Pack files for the agent's user alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid, member.gid = len(text), 0o400, 1000, 1000
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def test_it_serves_from_the_files_it_is_given_and_stops_at_once(gateway: Container) -> None:
    assert json.loads(gateway.logs()) == {"say": "ready", "ports": [8080, 8081]}
    code, output = gateway.exec_run(["python3", "-c", ASK])
    assert code == 0 and output.startswith(b"401 ") and b"authentication_error" in output
    gateway.stop(timeout=60)
    gateway.reload()
    assert gateway.attrs["State"]["ExitCode"] == 0
    stream, _ = gateway.get_archive("/phaseplan/record/usage.json")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        file = archive.extractfile("usage.json")
        assert file and json.load(file)["calls"] == 0


def test_a_name_that_leads_to_the_metadata_of_a_cloud_is_refused(gateway: Container) -> None:
    code, output = gateway.exec_run(["python3", "-c", TUNNEL])
    assert code == 0 and b"403" in output and b"169.254.169.254" in output and b"private network" in output
    assert b"metadata.example.org:443 leads to 169.254.169.254" in gateway.logs()


def test_it_takes_little_memory(gateway: Container) -> None:
    used = gateway.stats(stream=False)["memory_stats"]
    assert used["usage"] - used["stats"].get("cache", 0) < 32 << 20
    assert b"sk-real" not in gateway.logs() and "sk-real" not in json.dumps(gateway.attrs)
