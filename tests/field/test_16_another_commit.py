"""Line 16: another commit is another input.

Was: a branch was isolated, a person pushed a fix as `-v2`, the next run adopted it, and `history` accused the branch:
FLAKY, same inputs.
Right: only a commit with two different verdicts is flaky; an adopted fix and new work of an agent are not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.ledger.flaky import flaky
from phaseplan.ledger.records import Night, changed
from phaseplan.ledger.run_history import nights_of
from phaseplan.ledger.write import read
from tests.git.lab import PHASE, Lab, plan_of

PLAN = plan_of({"1": [], "2": []})
SAME = {"key": "the same key", "gates": "the same gates"}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def run(lab: Lab, name: str, text: str, outcome: str, **more: object) -> tuple[Night, ...]:
    """Record one run in which branch 1 came to an outcome; return all runs so far."""
    token = lab.open(PLAN, run=name)
    why = "" if outcome == "passed" else "commands: go test"
    lab.build(token, "1", {"a": text}, outcome=outcome, reason=why, fields={**SAME, **more})
    lab.integrate(token, 1)
    lab.close(token)
    return nights_of(lab.repo, read(lab.repo, lab.remote, PHASE).opened.commit)


def test_a_fix_that_a_person_pushed_is_no_flake(lab: Lab) -> None:
    run(lab, "run-1", "broken\n", "failed")
    assert flaky(run(lab, "run-2", "mended by hand\n", "passed", source="person")) == ()


def test_a_new_build_with_another_verdict_is_no_flake(lab: Lab) -> None:
    run(lab, "run-1", "one way\n", "failed")
    run(lab, "run-2", "another way\n", "failed")
    assert flaky(run(lab, "run-3", "a third way\n", "passed")) == ()


def test_one_commit_with_two_verdicts_is_a_flake(lab: Lab) -> None:
    run(lab, "run-1", "x\n", "failed")
    first, second = run(lab, "run-2", "x\n", "passed")
    same = changed(second.deeds["1"], commit=first.deeds["1"].commit)
    (found,) = flaky([first, changed(second, deeds={**second.deeds, "1": same})])
    assert (found.branch, found.was, found.became) == ("1", "isolated", "built")
    assert str(found).endswith("same inputs: commands: go test")
