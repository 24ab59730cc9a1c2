"""Carry one `run` out from its first process to its last: whatever happens, nothing it started is left."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from rich.console import Console

from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.home import Home, migrate
from phaseplan.cli.local_airflow.supervisor import Supervisor
from phaseplan.cli.progress.plain import Plain
from phaseplan.cli.progress.screen import Screen
from phaseplan.cli.running import leftovers
from phaseplan.cli.running.drive import Display, Drive, Statuses
from phaseplan.cli.running.logs import last_error
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.show.tables import say

CANCEL = 20.0  # seconds that tasks have to stop their containers


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does, and Ctrl-C too in a script's background."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def carry_out(
    home: Home,
    cache: Path,
    requests: Sequence[PhaseRequest],
    run_id: str,
    *,
    statuses: Statuses,
    docker_url: str,
    console: Console,
) -> dict[int, str]:
    """Start Airflow, run the phases to their end, stop everything.

    :return: how the DAG run of each phase ended.
    """
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        # Undone from the last to the first: processes stop before what they left is cleared away.
        stack.callback(_clear, docker_url, run_id, console)
        say(console, f"Starting Airflow in {home.path}")
        migrate(home, cache)
        supervisor = stack.enter_context(Supervisor(home))
        supervisor.start()
        api = Api(home.address, "admin", home.password)
        display = _display(stack, console)
        drive = Drive(supervisor, api, requests, run_id, display, statuses, partial(_why, home.logs, run_id))
        try:
            return drive.to_the_end()
        except KeyboardInterrupt:
            display.note("Stopping: runs are cancelled, agents' containers stopped. Ctrl-C again to hurry.")
            drive.cancel()
            for place in leftovers.places(docker_url):
                leftovers.wait(place, [run_id], CANCEL)
            raise


def _why(logs: Path, run_id: str, dag_id: str, task_id: str) -> str:
    return last_error(logs, dag_id, run_id, task_id)


def _display(stack: ExitStack, console: Console) -> Display:
    if console.is_terminal and sys.stdout.isatty():
        return stack.enter_context(Screen(console))
    return Plain(partial(say, console))


def _clear(docker_url: str, run_id: str, console: Console) -> None:
    if kept := [name for place in leftovers.places(docker_url) for name in leftovers.clear(place, [run_id])]:
        say(console, f"Stopped and kept, for the next run of the phase to collect their work: {', '.join(kept)}")
