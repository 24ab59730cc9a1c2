"""Whether a phase was opened is decided once, where it is read."""

from __future__ import annotations

import json

import pytest

from phaseplan.errors import Bug, Infrastructure
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.refs import ledger
from tests.git.lab import PHASE, Lab, commit_files, plan_of


def test_a_phase_that_nobody_opened_has_nothing_written_down(lab: Lab) -> None:
    seen = lab.read()
    assert seen.opened == Unopened()
    assert (seen.ledger, seen.run, seen.pinned, seen.stored("1"), seen.waves) == (None, None, None, None, {})
    with pytest.raises(Bug, match=f"phase {PHASE} was never opened"):
        seen.require_open()


def test_an_opened_phase_has_ledger_run_and_plan_together(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}))
    seen = lab.read()
    assert isinstance(seen.opened, OpenPhase)
    opened = seen.require_open()
    assert (opened.run.id, opened.plan.phase, opened.commit) == (token.run, PHASE, lab.refs()[ledger(PHASE)])


@pytest.mark.parametrize("missing", ["run", "plan.json"])
def test_a_ledger_of_which_a_part_is_missing_is_not_taken_for_a_phase_that_nobody_opened(
    lab: Lab, missing: str
) -> None:
    lab.open(plan_of({"1": []}))
    tip = lab.refs()[ledger(PHASE)]
    files = {name: lab.repo.run("show", f"{tip}:{name}").out for name in ("ledger.json", "plan.json")}
    if missing == "run":
        files["ledger.json"] = json.dumps({**json.loads(files["ledger.json"]), "run": None})
    else:
        files["plan.json"] = "null\n"
    lab.push(ledger(PHASE), commit_files(lab.repo, tip, files, "by hand"))
    with pytest.raises(Infrastructure, match=r"does not hold a readable .*repair or delete that ref"):
        lab.read()
