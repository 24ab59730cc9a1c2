"""An S3-compatible object store on a port of its own, from the package index."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from phaseplan.cli.local_airflow.port import free_port
from tests.packages import installed

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
BUCKET = "phaseplan-logs"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Store:
    """One server with one bucket, and what Airflow has to know of it."""

    def __init__(self, folder: Path) -> None:
        self.packages = installed(REQUIREMENTS, "object-store")
        self.key = secrets.token_urlsafe(24)
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.url.rpartition(":")[2]]
        env = {**os.environ, "PYTHONPATH": str(self.packages)}
        with (folder / "store.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not self._put(f"/{BUCKET}"):
            assert time.monotonic() < until and self._process.poll() is None, (folder / "store.log").read_text()
            time.sleep(0.3)

    def variables(self) -> Mapping[str, str]:
        """Airflow's own settings for logs in this store, as docs/install.md has them, and the connection."""
        connection = {"conn_type": "aws", "login": "phaseplan", "password": self.key,
                      "extra": {"endpoint_url": self.url, "region_name": "us-east-1"}}  # fmt: skip
        return {
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{BUCKET}/airflow",
            "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "log_store",
            "AIRFLOW_CONN_LOG_STORE": json.dumps(connection),
        }

    def stop(self) -> None:
        """End it; what it held is gone."""
        self._process.terminate()
        self._process.wait(30)

    def _put(self, path: str) -> bool:
        try:
            _DIRECT.open(urllib.request.Request(self.url + path, method="PUT"), timeout=5).close()
        except (OSError, urllib.error.URLError):
            return False
        return True
