"""A port of a server that starts again is none that the system gives to a connection meanwhile."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow import port
from phaseplan.cli.local_airflow.port import free_port


def test_no_outgoing_connection_gets_it() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 < free_port() < max(first, 10_050) for _ in range(20))


def test_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = socket.socket(), free_port()
    with taken:
        taken.bind(("127.0.0.1", free_port()))
        monkeypatch.setattr(port.random, "sample", lambda ports, count: [taken.getsockname()[1], free])
        assert free_port() == free


def test_where_all_are_taken_or_no_range_is_known_there_is_one_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(port, "_RANGE", tmp_path / "none")
    monkeypatch.setattr(port.random, "sample", lambda ports, count: [])
    assert free_port() > 0
