"""Isolating a branch where something is in the way: red without it, later work, crashes, a run in flight."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger import refs
from phaseplan.merging.reconcile import derived, reconcile
from tests.git.lab import PHASE, Lab, plan_of
from tests.git.leaving import HEAD, PLAN, RUN, gated_again, inside, on_top, out, own
from tests.git.trouble import Died, Interrupted, dying_at


def test_what_is_red_without_it_stays(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []}, validate=[["test -e own/1/one"]])
    token = lab.open(plan, RUN)
    for b in "12":
        lab.build(token, b, own(b))
    lab.integrate(token, 1)
    before = lab.refs()
    with pytest.raises(InputFault, match="red without 1, so nothing was changed:\n- commands: test -e own/1/one"):
        out(lab, "1")
    assert lab.refs() == before and lab.state("1") == "integrated"
    assert out(lab, "2").taken == ("2",)
    assert out(lab, "1").taken == ("1",), "no branch is left whose wave could be red"


def test_later_work_in_the_way_is_named_and_nothing_changes(lab: Lab) -> None:
    plan = plan_of({"1": []}, {"2": []})
    token = lab.open(plan, RUN)
    lab.build(token, "1", {"f": "one\n"})
    lab.integrate(token, 1)
    on_top(lab, "2", {"f": "one and two\n"}, lab.refs()[HEAD])
    assert lab.integrate(token, 2).merged == ("2",)
    before = lab.refs()
    with pytest.raises(InputFault, match="1 cannot be taken out: undoing 1 conflicts with 2 in f"):
        out(lab, "1")
    assert lab.refs() == before


def test_infrastructure_changes_nothing(whole: Lab) -> None:
    lab = whole

    def gone() -> None:
        raise Infrastructure("the engine is gone")

    before, lab.bench = lab.refs(), Interrupted(gone)
    with pytest.raises(Infrastructure):
        out(lab, "2")
    assert lab.refs() == before


def test_a_run_in_flight_and_a_person_meet(lab: Lab, tmp_path: Path) -> None:
    """Each moves the ledger in the middle of the other's gates; both come through."""
    token = lab.open(PLAN, RUN)
    other = lab.another_worker(tmp_path / "o.git")
    for b in "12":
        lab.build(token, b, own(b))
    lab.integrate(token, 1)
    for b in "34":
        lab.build(token, b, own(b))
    lab.bench = Interrupted(lambda: out(other, "2"))
    assert lab.integrate(token, 2).merged == ("3", "4") and inside(lab) == {"1", "3", "4"}
    gated_again(lab, "2")
    lab.bench = Interrupted(lambda: other.integrate(token, 2))
    assert out(lab, "4").taken == ("4",) and inside(lab) == {"1", "2", "3"}
    assert lab.integrate(token, 2).merged == () and lab.close(token).ok is False


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_dying_at_any_push_leaves_nothing_half_done(
    whole: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, after: bool
) -> None:
    lab = whole
    before = lab.refs()
    with monkeypatch.context() as patch:
        dying_at(n, after=after, monkeypatch=patch)
        if n == 3:
            out(lab, "1")
        else:
            with pytest.raises(Died):
                out(lab, "1")
    assert lab.repo.is_ancestor(before[HEAD], lab.refs()[HEAD])
    other = lab.another_worker(tmp_path / "other.git")
    decided = (n, after) != (1, False)
    assert out(other, "1").taken == (() if decided else ("4", "3", "1"))
    assert derived(other.read()) == [] and inside(other) == {"2"}, "I10 (recovery)"
    assert sum("ISOLATED 1" in line for line in other.read().status_lines) == 1


def test_names_go_only_after_the_work_is_kept(whole: Lab) -> None:
    lab = whole
    kept = lab.refs()[refs.attempt(PHASE, "2", 1)]
    lab.push(refs.attempt(PHASE, "2", 1), None)
    out(lab, "2")
    assert lab.refs()["refs/heads/feature/b2"] == kept
    lab.push(refs.attempt(PHASE, "2", 1), kept)
    reconcile(lab.repo, lab.remote, PHASE)
    assert "refs/heads/feature/b2" not in lab.refs()
