"""An API server of Airflow without a scheduler, over plans and a target: what pages need."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from phaseplan.cli.local_airflow.home import AIRFLOW, Home, migrate, prepare
from tests.database import CACHE

_PATIENCE = 120.0  # seconds until it answers


@contextmanager
def serving(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[Home, str, psutil.Process]]:
    """Run one; yield its home, the token of its only user, who may do everything, and its process."""
    home = prepare(folder / "home", phaseplan=dict(settings))
    migrate(home, CACHE)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*AIRFLOW, "api-server"], env=home.environment, stdout=log, stderr=log)
        try:
            yield home, _token(home), psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _token(home: Home) -> str:
    """Log in once the server is there."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{home.address}/api/v2/version", timeout=5).close()
            break
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
    body = json.dumps({"username": "admin", "password": home.password}).encode()
    request = urllib.request.Request(f"{home.address}/auth/token", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["access_token"])
