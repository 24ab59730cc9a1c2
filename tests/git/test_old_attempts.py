"""`phaseplan gc` on a real target: what nothing needs is freed, and every run goes on as if it were there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.ledger import attempt_refs, refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.keeping.old_attempts import free, old_attempts
from tests.git.lab import PHASE, Lab, commit_files, plan_of
from tests.git.leaving import out

PLAN = plan_of({"1": [], "2": []})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Branch 1 failed twice before it passed; everything is integrated, and the run is closed."""
    made = Lab(tmp_path_factory.mktemp("template"))
    night(made, "run-1", failures=2)
    return made


@pytest.fixture
def lab(template: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A copy of it, which `gc` finds in the environment; there is no engine."""
    made = template.copied(tmp_path)
    variables = {"STATE": tmp_path / "state", "PLANS": tmp_path / "plans", "REPOSITORY": made.url}
    for key, value in {**variables, "DOCKER_URL": f"unix://{tmp_path}/none.sock"}.items():
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key}", str(value))
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    return made


def night(lab: Lab, run: str, *, failures: int = 0, closed: bool = True) -> None:
    """One run in which branch 1 fails some times before it passes."""
    token = lab.open(PLAN, run)
    for number in range(failures):
        files = {"one": f"{run} bad {number}\n"}
        lab.build(token, "1", files, outcome="failed", reason="tests fail", claim=f"{run}/0.{number}")
    lab.build(token, "1", {f"own/1/{run}": "good\n"}, claim=f"{run}/9")
    lab.build(token, "2", {f"own/2/{run}": "good\n"}, claim=f"{run}/9")
    lab.integrate(token, 1)
    if closed:
        assert lab.close(token).complete


def found(lab: Lab, days: float = 0) -> list[tuple[str, int]]:
    before = datetime.now(UTC) - timedelta(days=days)
    return [(old.branch, old.attempt) for old in old_attempts(lab.repo, lab.read(), lab.refs(), before)]


def names(lab: Lab, branch: str, attempt: int) -> list[str]:
    return [ref for ref in lab.refs() if f"/{branch}/{attempt}" in ref]


def test_only_what_failed_before_the_newest_is_of_no_use(lab: Lab) -> None:
    assert found(lab) == [("1", 1), ("1", 2)]
    assert found(lab, days=1) == [], "it is not old"


def test_it_is_shown_first_and_freed_when_asked(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    before = lab.refs()
    assert main(["gc", "--days", "0"]) == 2, "there is no engine"
    shown = capsys.readouterr().out
    assert "attempt 1 of 1, failed  phase 5" in shown and "Next: ./phaseplan gc --yes" in shown
    assert "not looked at: the Docker engine does not answer" in shown
    assert lab.refs() == before
    assert main(["gc", "--days", "0", "--yes", "--json"]) == 2
    items = json.loads(capsys.readouterr().out)["items"]
    assert [(i["kind"], i["freed"]) for i in items if i["kind"] == "attempt"] == [("attempt", True)] * 2
    gone = before.keys() - lab.refs().keys()
    assert gone == {*(ref for n in (1, 2) for ref in before if f"/1/{n}" in ref)} and len(gone) == 6
    assert found(lab) == []


def test_the_next_nights_go_on_as_if_it_were_there(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    untouched = lab.copied(tmp_path / "copy")
    for old in [*old_attempts(lab.repo, lab.read(), lab.refs(), datetime.now(UTC))]:
        assert free(lab.repo, lab.remote, lab.read(), old)
    for each in (lab, untouched):
        night(each, "run-2", failures=1)
    one, other = lab.read(), untouched.read()
    assert max(one.started["1"]) == max(other.started["1"]) == 5, "numbers are never used twice"
    assert set(one.heads) == set(other.heads)
    states = [{b: (r.state, r.attempt) for b, r in s.folded().branches.items()} for s in (one, other)]
    assert states[0] == states[1]
    assert found(lab) == [("1", 4)], "attempt 3 was integrated"


def test_a_phase_with_an_open_run_stays_whole(lab: Lab) -> None:
    night(lab, "run-2", failures=1, closed=False)
    assert found(lab) == []


def test_a_run_that_opens_meanwhile_wins(lab: Lab) -> None:
    snapshot = lab.read()
    (old, *_) = old_attempts(lab.repo, snapshot, lab.refs(), datetime.now(UTC))
    lab.open(PLAN, "run-2")
    assert not free(lab.repo, lab.remote, snapshot, old)
    assert old.refs.items() <= lab.refs().items()


def test_what_a_branch_points_at_stays(lab: Lab) -> None:
    lab.push("refs/heads/look-at-this", lab.refs()[refs.attempt(PHASE, "1", 2)])
    assert found(lab) == [("1", 1)]


def test_an_attempt_without_a_verdict_stays(lab: Lab) -> None:
    branch = PLAN.by_id["1"]
    number = attempt_refs.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, branch, lab.main, "run-1/11", "run-1"))
    work = commit_files(lab.repo, lab.main, {"one": "half\n"}, "half")
    attempt_refs.keep_attempt(lab.repo, lab.remote, PHASE, "1", number, work)
    again = attempt_refs.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, branch, lab.main, "run-1/12", "run-1"))
    assert (number, again) == (4, 5)
    assert found(lab) == [("1", 1), ("1", 2)]


def test_work_that_was_taken_out_of_integration_stays(lab: Lab) -> None:
    out(lab, "1")
    night(lab, "run-2", failures=1)
    assert {n for b, n in found(lab) if b == "1"} == {1, 2, 4}, "attempt 3 was integrated once"


def test_attempts_that_a_shared_budget_counts_stay(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of({"1": [], "2": []}, budget={"phase": {"usd": 5}})
    assert lab.close(lab.open(plan, "run-2")).complete
    assert found(lab) == []
    main(["gc", "--days", "0"])
    assert (
        "has a budget that its branches share, which counts every attempt: its attempts stay" in capsys.readouterr().out
    )


def test_a_target_that_does_not_answer_loses_nothing(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc", "--repository", "/nowhere/target.git"]) == 2
    assert "not looked at: repository /nowhere/target.git cannot be read" in capsys.readouterr().out
