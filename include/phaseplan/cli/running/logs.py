"""Write task logs for people: Airflow writes JSON lines, one file for each try and trigger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan

_LIMIT = 64 << 20  # bytes of one try's log that are turned into text
_END = 1 << 20  # bytes at the end of a log in which its last error is looked for
_OURS_NOT = ("airflow.dag_processing.",)  # loggers that tell how Airflow loads a file


def task_folder(logs: Path, dag_id: str, run_id: str, task_id: str) -> Path:
    """Return the folder where Airflow keeps the logs of one task."""
    return logs / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"


def write_text(logs: Path, plan: PhasePlan, run_id: str) -> Path:
    """Write every task's log once more as `<branch id>.log` or `<task>.log`; return their folder."""
    dag = names.dag_id(plan.phase)
    target = logs.parent / "text" / dag
    target.mkdir(parents=True, exist_ok=True)
    ids = {names.branch_task_id(plan, b.id): b.id for b in plan}
    for folder in sorted(task_folder(logs, dag, run_id, "x").parent.glob("task_id=*")):
        task_id = folder.name.removeprefix("task_id=")
        lines = sorted(_lines(folder), key=lambda line: line[0])
        if lines:
            text = "".join(f"{time:19.19}  {event}\n" for time, event in lines)
            (target / f"{ids.get(task_id, task_id)}.log").write_text(text)
    return target


def _lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield time and words of each line; a line that is no JSON belongs to the one before it."""
    for file in sorted(folder.rglob("attempt=*"), key=_number):
        time = ""
        with file.open(encoding="utf-8", errors="replace") as stream:
            for line in stream.readlines(_LIMIT):
                try:
                    record = json.loads(line)
                    time, event = str(record["timestamp"]), _event(record)
                except (ValueError, KeyError, TypeError):
                    record, event = {}, line.rstrip("\n")
                if not _noise(record):
                    yield time, event


def _noise(record: dict[str, object]) -> bool:
    """Say whether a line is about Airflow's own work around the task."""
    event = str(record.get("event", ""))
    folded = event.startswith(("::group::", "::endgroup::", "Worker startup parse complete"))
    return folded or str(record.get("logger", "")).startswith(_OURS_NOT)


def _event(record: dict[str, object]) -> str:
    level = str(record.get("level", "info"))
    mark = "" if level in ("info", "debug") else f"{level.upper()} "
    event = f"{mark}{record.get('event', '')}"
    detail = record.get("error_detail")
    for error in detail if isinstance(detail, list) else ():
        event += f"\n    {error.get('exc_type')}: {error.get('exc_value')}"
    return event


def _number(file: Path) -> tuple[int, str]:
    """Sort by the number of the try first: the tenth comes after the second."""
    digits = file.name.removeprefix("attempt=").split(".")[0]
    return (int(digits) if digits.isdecimal() else 0, file.name)


def _end(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _END))
        return stream.read(_END).decode(errors="replace")


def last_error(logs: Path, dag_id: str, run_id: str, task_id: str) -> str:
    """Return the last error that a task logged, or an empty text; only the end of a long log is read."""
    found = ""
    for file in sorted(task_folder(logs, dag_id, run_id, task_id).rglob("attempt=*"), key=_number):
        for line in _end(file).splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get("level") in ("error", "critical"):
                details = record.get("error_detail") or [{}]  # what was raised comes first, then what it came from
                found = str(details[0].get("exc_value") or record.get("event", ""))
    return found
