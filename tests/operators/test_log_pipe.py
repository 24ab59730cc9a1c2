"""The end of a busy log: a trigger does not end before Airflow has read what it has logged."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time

import pytest
import structlog

from phaseplan.airflow.triggers import log_pipe

LINES = 100


def logger_into(pipe: socket.socket) -> structlog.BytesLogger:
    """A logger as the process of the triggers has it: each line is written into a socket at once."""
    return structlog.wrap_logger(
        structlog.BytesLogger(io.FileIO(pipe.fileno(), "wb", closefd=False)),  # type: ignore[arg-type]
        processors=[lambda _, __, event: str(event["event"]).encode()],
    )


def test_a_trigger_waits_until_its_lines_are_read() -> None:
    ours, theirs = socket.socketpair()
    log, read = logger_into(ours), bytearray()

    def slowly() -> None:
        while len(read) < LINES * 3:
            time.sleep(0.05)
            read.extend(theirs.recv(64))

    for number in range(LINES):
        log.info(f"{number:02}")
    reader = threading.Thread(target=slowly)
    reader.start()
    asyncio.run(log_pipe.arrived(log))
    assert len(read) >= LINES * 3 - 64, "all but what was just taken out"
    reader.join()
    assert read.decode().split() == [f"{number:02}" for number in range(LINES)]
    ours.close()
    theirs.close()


def test_a_reader_that_is_stuck_does_not_hold_the_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_pipe, "_PATIENCE", 0.3)
    ours, theirs = socket.socketpair()
    log = logger_into(ours)
    log.info("a line")
    asyncio.run(asyncio.wait_for(log_pipe.arrived(log), 5))
    ours.close()
    theirs.close()


def test_a_logger_without_a_socket_is_not_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (tmp_path_factory.mktemp("log") / "file.log").open("wb") as file:
        log = structlog.wrap_logger(structlog.BytesLogger(file), processors=[])
        asyncio.run(asyncio.wait_for(log_pipe.arrived(log), 1))
    asyncio.run(asyncio.wait_for(log_pipe.arrived(structlog.get_logger()), 1))
