"""A notifier with `digest: true` is told once a night, and not at all where nothing has changed."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phaseplan.airflow.operators.digest import tell_night
from phaseplan.airflow.operators.notify import about_branch, about_budget, notify
from phaseplan.ledger.money.budgets import SharedBudget
from phaseplan.plan.budget import Budget
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.notify import Notify
from tests.cli.plans import plan
from tests.git.lab import PHASE, Lab
from tests.git.nights import Nights, plan_of

HERE = "tests.operators.notifiers"
TEXT = "{{ phaseplan.event }}|{{ phaseplan.message }}"
WAVES = ({"1": (), "2": ()}, {"3": ("1",)})
Heard = Callable[[], list[str]]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "lab")


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What the digest's notifier has been told since it was last asked."""
    file = tmp_path / "told"
    profile = {"class": f"{HERE}.ToFile", "arguments": {"path": str(file), "text": TEXT}, "digest": True}
    (tmp_path / "notifiers.yaml").write_text(json.dumps({"digest": profile}))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__NOTIFIERS", str(tmp_path / "notifiers.yaml"))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")

    def lines() -> list[str]:
        found = [ast.literal_eval(line) for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return found

    return lines


def wanted(**more: Any) -> PhasePlan:
    return plan_of(waves=WAVES, notify={"isolated": ["digest"]}, **more)


def after(nights: Nights, night_plan: PhasePlan) -> None:
    """One night, and what `close_phase` says of it."""
    nights.night(night_plan)
    tell_night({}, nights.lab.repo, nights.lab.remote, PHASE)


def test_one_message_a_night_and_none_where_nothing_changed(lab: Lab, heard: Heard) -> None:
    nights = Nights(lab)
    after(nights, wanted())
    (first,) = heard()
    assert first.startswith("digest|Phase 5 Nights: complete, 3 of 3 branches integrated (built 3)\n- 1 built\n")
    assert first.endswith("\nhttps://airflow.example.com/phaseplan/board/phases/5")
    after(nights, wanted())
    assert heard() == [], "all is reused"
    nights.push_main({"docs/more": "x\n"})
    after(nights, wanted())
    assert heard() == [], "gated again, and green again"
    nights.work["1"] = {"own/1/file": "again\n"}
    after(nights, wanted(briefs={"1": "anew"}))
    (fourth,) = heard()
    assert "rebuilt 2" in fourth and "\n- 1 rebuilt" in fourth and "\n- 2 " not in fourth


def test_what_is_out_is_told_once_and_again_with_the_next_news(lab: Lab, heard: Heard) -> None:
    nights = Nights(lab, work={"2": {"poison": "x\n"}})
    after(nights, wanted())
    (first,) = heard()
    assert "not complete, 2 of 3" in first and "\n- 2 isolated: " in first
    nights.work["2"] = {"poison": "y\n"}
    after(nights, wanted())
    assert heard() == [], "as it was, whatever it has cost"
    nights.work["2"] = {"own/2/file": "x\n"}
    after(nights, wanted())
    (third,) = heard()
    assert "complete, 3 of 3" in third and "\n- 2 built (was isolated)" in third


def test_branches_are_not_told_of_one_by_one_and_what_cannot_wait_is(heard: Heard) -> None:
    told = Notify(isolated=("digest",), budget=("digest",))
    assert notify({}, told, "isolated", about_branch(plan(), "7.a", "why")) == ()
    assert heard() == []
    shared = SharedBudget("phase", Budget(tokens=10))
    assert notify({}, told, "budget", about_budget(plan(), shared)) == ("digest",)
    (line,) = heard()
    assert line.startswith("budget|Phase 7: ") and line.endswith("/phaseplan/board/phases/7")


def test_a_branch_is_linked_to_where_it_is_on_the_board(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = {"class": f"{HERE}.ToFile", "arguments": {"path": str(tmp_path / "told"), "text": "{{ phaseplan.board }}"}}
    (tmp_path / "notifiers.yaml").write_text(json.dumps({"chat": chat}))
    notify({}, Notify(isolated=("chat",)), "isolated", about_branch(plan(), "7.a", "why"))
    assert heard() == ["https://airflow.example.com/phaseplan/board/phases/7#b-7.a"]
    monkeypatch.delenv("AIRFLOW__API__BASE_URL")
    notify({}, Notify(isolated=("chat",)), "isolated", about_branch(plan(), "7.a", "why"))
    assert heard() == [""], "an Airflow that does not know its own address gives none"
