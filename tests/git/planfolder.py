"""A configured folder of plan files beside a lab, and a run that completes a phase."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phaseplan.plan.model import PhasePlan
from tests.git.lab import Lab, plan_of


def configured(lab: Lab, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of plan files that the settings name, with the lab as the repository."""
    folder = place / "plans"
    folder.mkdir()
    (place / "agents.yaml").write_text("worker: {image: x, command: [x]}\n")
    for key, value in (
        ("PLANS", folder),
        ("AGENTS", place / "agents.yaml"),
        ("STATE", place / "state"),
        ("REPOSITORY", lab.url),
    ):
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key}", str(value))
    return folder


def two(plans: Path, **more: Any) -> PhasePlan:
    """Phase 5 with branches 1 and 2, then 3, which needs 1: a file of the folder."""
    text = plan_of({"1": [], "2": []}, {"3": ["1"]}, agent="worker", **more).model_dump_json(by_alias=True)
    return put(plans, PhasePlan.model_validate_json(text.replace('"/"', '"src/"')))


def put(plans: Path, plan: PhasePlan) -> PhasePlan:
    """Write or replace the file of a plan."""
    data = plan.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    (plans / f"phase-{plan.phase}.yaml").write_text(json.dumps(data))
    return plan


def finish(lab: Lab, plan: PhasePlan, run: str = "run-1", **more: Any) -> None:
    """A run that completes the phase, or what is selected of it."""
    token = lab.open(plan, run, **more)
    for branch in plan:
        wanted = not more.get("branches") or branch.id in more["branches"]
        if wanted and lab.state(branch.id) != "integrated":
            lab.build(token, branch.id, {f"src/{branch.id}": run})
    for wave in plan.waves:
        lab.integrate(token, wave.wave)
    lab.close(token)
