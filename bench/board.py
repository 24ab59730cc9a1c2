"""Measure the board in a real API server: a page of 500 branches, how far it is behind the refs, and what viewers cost.

Page and pixels are those of a real browser: from the moment a ref has moved until the frame in which a card says so.
Cost: CPU time of the API server over wall time with ten viewers of a phase at work, and without any.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import yaml

from bench.growth import PHASE, Place
from bench.window import opened, picture, pixels, window
from phaseplan.cli.local_airflow.home import Home
from tests.api_server import serving

COUNT, VIEWERS, MOVES = 500, 10, 20
SPAN, _SETTLED = 60.0, 3.0  # seconds that are measured; before that


class Viewer:
    """A page that is looked at, as far as the server sees it."""

    def __init__(self, home: Home, token: str) -> None:
        where = urlsplit(home.address)
        self.host, self.port, self.cookie = where.hostname or "", where.port, f"_token={token}"
        self.stamp = self.moved = ""

    def wait(self) -> None:
        """Wait until something has moved, or for as long as the server lets a viewer wait."""
        self.moved = self._get(f"moved?phase={PHASE}&seen={self.moved}")

    def ask(self, *, whole: bool = False) -> str:
        """Ask once; return what came, which is nothing where the viewer has it."""
        return self._get(f"phases/{PHASE}" if whole else f"phases/{PHASE}?part=1&seen={self.stamp}")

    def _get(self, path: str) -> str:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("GET", f"/phaseplan/board/{path}", headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status not in (200, 204):
            raise SystemExit(f"the board answers {answer.status}")
        self.stamp = answer.headers.get("X-Phaseplan-Stamp") or self.stamp
        return text


def measure() -> dict[str, float]:
    """Measure one API server without a scheduler, over a phase that is worked at."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "phase", COUNT - MOVES, MOVES)
        with _server(Path(folder), place) as (home, token, process):
            viewer = Viewer(home, token)
            began = time.monotonic()
            viewer.ask(whole=True)
            first, began = time.monotonic() - began, time.monotonic()
            viewer.ask(whole=True)
            again = time.monotonic() - began
            with window(home, token) as page:
                address = f"{home.address}/phaseplan/board/phases/{PHASE}"
                painted = min(opened(page, address, COUNT) for _ in range(3))
                picture(page, "board-500")
                names = [str(number) for number in range(COUNT - MOVES, COUNT)]
                behind = list(pixels(page, names, place.judged))
            idle = _share(process)
            busy = _crowd(home, token, process)
    return {
        f"page of {COUNT} branches, first s": first,
        f"page of {COUNT} branches, again s": again,
        f"page of {COUNT} branches, until it is painted s (aim < 1)": painted,
        "from refs to pixels, median s (aim < 2)": statistics.median(behind),
        "from refs to pixels, most s": max(behind),
        "API server's CPU share, nobody looks": idle,
        f"API server's CPU share, {VIEWERS} viewers": busy,
        f"what {VIEWERS} viewers cost of a core (aim < 0.05)": busy - idle,
    }


@contextmanager
def _server(folder: Path, place: Place) -> Iterator[tuple[Home, str, psutil.Process]]:
    plans = folder / "plans"
    plans.mkdir()
    plan = place.plan.model_dump(mode="json", exclude_defaults=True) | {"agent": "sh"}
    (plans / "phase-05.yaml").write_text(yaml.safe_dump(plan))
    (folder / "agents.yaml").write_text("sh: {image: debian, command: [sh]}\n")
    section = {"plans": str(plans), "agents": str(folder / "agents.yaml"), "state": str(folder / "state")}
    with serving(folder, section | {"repository": str(place.target.path)}) as server:
        yield server


def _crowd(home: Home, token: str, process: psutil.Process) -> float:
    over = threading.Event()

    def look() -> None:
        viewer = Viewer(home, token)
        while not over.is_set():
            viewer.wait()
            viewer.ask()

    crowd = [threading.Thread(target=look, daemon=True) for _ in range(VIEWERS)]
    for one in crowd:
        one.start()
    time.sleep(_SETTLED)
    try:
        return _share(process)
    finally:
        over.set()
        for one in crowd:
            one.join(30)


def _share(process: psutil.Process) -> float:
    """Return CPU time of a process, its children and what they have waited for, over wall time."""
    before, began = _cpu(process), time.monotonic()
    time.sleep(SPAN)
    return (_cpu(process) - before) / (time.monotonic() - began)


def _cpu(process: psutil.Process) -> float:
    times = [p.cpu_times() for p in (process, *process.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)
