"""Measure a second night of Phase 5 in which nothing changed, against the first."""

from __future__ import annotations

import tempfile

from bench.place import PLANS, Place, Status, at


def measure() -> dict[str, float]:
    """Run twice on one repository."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place.make(folder)
        files = [PLANS / "phase-05.yaml"]
        commands = [place.run(files)]
        first = place.status(5)
        commands.append(place.run(files))
        second = place.status(5)
    reused = [due for due in second["run"]["due"].values() if due["kind"] == "reuse"]
    return {
        "first night s, opened to closed": _took(first),
        "second night s, opened to closed": _took(second),
        "second over first": _took(second) / _took(first),
        "second over first, whole command with its Airflow": commands[1] / commands[0],
        "branches reused": float(len(reused)),
        "agents of the second night": float(sum(b["attempt"] for b in second["branches"].values()) - len(reused)),
    }


def _took(status: Status) -> float:
    return at(status["run"]["closed"]) - at(status["run"]["opened"])
