"""Call Airflow's REST API, as far as a run needs it, with the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from phaseplan.errors import Infrastructure

_PAGE = 100
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


class ApiError(Infrastructure):
    """The API server did not do what was asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status  # HTTP status; 0: no answer


@dataclass(frozen=True)
class TaskState:
    """Hold one task instance, as the grid shows it."""

    task_id: str
    state: str | None  # Airflow's own word; None: not yet scheduled
    tries: int
    started: str | None
    seconds: float | None


class Api:
    """A client of one API server."""

    def __init__(self, address: str, user: str, password: str, timeout: float = 30) -> None:
        self.address = address
        self._login = {"username": user, "password": password}
        self._timeout = timeout
        self._token = ""

    def call(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """Send one request below `/api/v2`, as JSON; log in when needed.

        :raises ApiError: no answer, or an error.
        """
        url = f"{self.address}/api/v2{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        try:
            return self._send(method, url, body)
        except ApiError as error:
            if error.status != 401:
                raise
        self._token = self._send("POST", f"{self.address}/auth/token", self._login)["access_token"]
        return self._send(method, url, body)

    def _send(self, method: str, url: str, body: Any) -> Any:
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with _DIRECT.open(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, f"Airflow refused {method} {url}: {_detail(error)}") from error
        except (OSError, ValueError) as error:
            raise ApiError(0, f"No answer from Airflow to {method} {url}: {error}") from error

    def health(self) -> dict[str, str]:
        """Return the status of each component; empty if the API server is not up yet."""
        try:
            answer = self.call("GET", "/monitor/health")
        except ApiError:
            return {}
        return {name: str(part.get("status")) for name, part in answer.items() if part}

    def warm(self) -> None:
        """Let the server build what its first task would wait 2.4 s for."""
        with suppress(ApiError):
            self._send("GET", f"{self.address}/execution/health", None)

    def import_errors(self, since: datetime) -> dict[str, str]:
        """Return import errors by DAG file; errors of an earlier start of this home do not count."""
        errors = self.call("GET", "/importErrors", limit=_PAGE)["import_errors"]
        return {str(e["filename"]): str(e["stack_trace"]) for e in errors if _after(e["timestamp"], since)}

    def has_dag(self, dag_id: str, since: datetime) -> bool:
        """Say whether the DAG processor has read this DAG since a time."""
        try:
            dag = self.call("GET", f"/dags/{_q(dag_id)}")
            return not dag["is_stale"] and _after(dag["last_parsed_time"], since)
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Start a run.

        :raises ApiError: with status 400 where the DAG's form refuses `conf`.
        """
        self.call("PATCH", f"/dags/{_q(dag_id)}", {"is_paused": False})
        body = {"dag_run_id": run_id, "conf": conf, "logical_date": None}
        self.call("POST", f"/dags/{_q(dag_id)}/dagRuns", body)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return `queued`, `running`, `success` or `failed`."""
        return str(self.call("GET", f"/dags/{_q(dag_id)}/dagRuns/{_q(run_id)}")["state"])

    def newest_run(self, dag_id: str) -> str | None:
        """Return the id of the DAG's newest run, or None.

        :raises ApiError: with status 404 where there is no such DAG.
        """
        runs = self.call("GET", f"/dags/{_q(dag_id)}/dagRuns", limit=1, order_by="-run_after")["dag_runs"]
        return str(runs[0]["dag_run_id"]) if runs else None

    def clear(self, dag_id: str, run_id: str, tasks: list[str]) -> list[str]:
        """Clear tasks with Downstream on and Only-failed off; return every task that was cleared."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": tasks, "include_downstream": True}
        body |= {"only_failed": False, "reset_dag_runs": True}
        answer = self.call("POST", f"/dags/{_q(dag_id)}/clearTaskInstances", body)
        return [str(task["task_id"]) for task in answer["task_instances"]]

    def answer(self, dag_id: str, run_id: str, task_id: str, choice: str, fields: dict[str, Any]) -> None:
        """Answer the question of a task that waits for a person.

        :raises ApiError: with status 403 where the user may not, 404 where nothing is asked, 409 where it was answered.
        """
        path = f"/dags/{_q(dag_id)}/dagRuns/{_q(run_id)}/taskInstances/{_q(task_id)}/-1/hitlDetails"
        self.call("PATCH", path, {"chosen_options": [choice], "params_input": fields})

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """List all task instances of a run."""
        states: list[TaskState] = []
        while True:
            answer = self.call(
                "GET", f"/dags/{_q(dag_id)}/dagRuns/{_q(run_id)}/taskInstances", limit=_PAGE, offset=len(states)
            )
            page = answer["task_instances"]
            states += [
                TaskState(t["task_id"], t["state"], t["try_number"], t["start_date"], t["duration"]) for t in page
            ]
            if not page or len(states) >= answer["total_entries"]:
                return states

    def mark(self, dag_id: str, run_id: str, state: Literal["failed", "success"]) -> None:
        """End a run by setting its state; its running tasks are told to stop."""
        self.call("PATCH", f"/dags/{_q(dag_id)}/dagRuns/{_q(run_id)}", {"state": state})


def _after(time: str | None, since: datetime) -> bool:
    return time is not None and datetime.fromisoformat(time) >= since


def _q(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        detail = json.load(error).get("detail", "")
    except (OSError, ValueError, AttributeError):
        detail = ""
    return f"{error.code} {detail if isinstance(detail, str) else json.dumps(detail)}".strip()
