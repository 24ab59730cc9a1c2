"""`phaseplan reintegrate`: what it refuses, and what it asks `run` for."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import pytest

from phaseplan.cli import run as run_verb
from phaseplan.cli.main import main
from phaseplan.cli.reintegrate import command, selection
from phaseplan.cli.running.request import parse_settings
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import BranchRecord, Ledger, Pinned, State, changed
from phaseplan.ledger.write import Snapshot, commit_ledger, read
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import build_status
from phaseplan.repository.remote import Remote
from tests.cli.plans import ledger, plan, record, verdict


def wide() -> PhasePlan:
    """a and b; c needs a; d needs b and c; e needs c."""
    data = plan().model_dump(mode="json", by_alias=True)
    c = data["waves"][1]["branches"][0]
    d = {**c, "id": "7.d", "branch": "feature/p7-d", "depends_on": ["7.b", "7.c"]}
    e = {**c, "id": "7.e", "branch": "feature/p7-e", "depends_on": ["7.c"]}
    return PhasePlan.model_validate({**data, "waves": [*data["waves"], {"wave": 3, "branches": [d, e]}]})


def book(closed: bool = True, **states: State) -> Ledger:
    made: dict[str, BranchRecord] = {f"7.{b}": record(s, verdict(f"7.{b}", 1, 11)) for b, s in states.items()}
    return ledger(wide(), closed=closed, branches=made)


def chosen(*wanted: str, **states: State) -> tuple[tuple[str, ...], dict[str, str]]:
    snapshot = Snapshot(phase=7, opened=OpenPhase(book(**states), Pinned(plan=wide(), profiles={})))
    return selection(wide(), build_status(snapshot), wanted)


def test_reintegrate_includes_dependents() -> None:
    ids, left = chosen("7.a", a=State.ISOLATED, b=State.INTEGRATED)
    assert (ids, left) == (("7.a", "7.c", "7.d", "7.e"), {})


def test_what_is_integrated_stays_and_what_needs_another_one_that_is_out_is_left() -> None:
    ids, left = chosen("7.a", a=State.ISOLATED, b=State.ISOLATED, c=State.INTEGRATED)
    assert (ids, left) == (("7.a", "7.e"), {"7.d": "7.b"})
    assert chosen("7.a", "7.b", a=State.ISOLATED, b=State.ISOLATED)[1] == {}


def test_what_passed_and_is_not_in_yet_is_merged_with_it() -> None:
    assert chosen("7.c", a=State.PASSED, c=State.ISOLATED)[0] == ("7.a", "7.c", "7.e")


def test_run_gets_the_settings_of_the_run_before() -> None:
    last = book().run
    assert last is not None
    last = changed(last, base_name="release", start="dependencies", agent="go-sample")
    arguments = command(Path("7.yaml"), "/r", Path("agents.yaml"), last, ["7.a", "7.c"], Path("home"))
    parser = argparse.ArgumentParser()
    run_verb.register(parser)
    args = parser.parse_args(arguments)
    assert (args.plans, args.repository, args.agents, args.home) == (
        [Path("7.yaml")], "/r", Path("agents.yaml"), Path("home"),
    )  # fmt: skip
    assert parse_settings(args.pairs, {"go-sample"}) == {
        "base": "release",
        "start": "dependencies",
        "branches": ["7.a", "7.c"],
        "agent": "go-sample",
    }


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a target repository without a ledger, and a last run of another repository."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    target = tmp_path / "target"
    subprocess.run(["git", "init", "-q", "-b", "main", target], check=True)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", target, *identity, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    return target


def left_by(target: Path, kept: Ledger, state: Path) -> None:
    """Commit a ledger as a run has left it."""
    head = subprocess.run(["git", "-C", target, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    kept = changed(kept, run=changed(kept.run, base=head.stdout.strip()))
    remote = Remote(str(target))
    with remote.private(state=state) as repo:
        remote.fetch(repo, "+refs/heads/*:refs/heads/*")
        snapshot = read(repo, remote, 7)
        assert commit_ledger(repo, remote, snapshot, kept, pinned=Pinned(plan=wide(), profiles={}))


@pytest.mark.parametrize(
    ("branches", "closed", "words"),
    [
        (["7.b"], True, "7.b is integrated already"),
        (["7.aa"], True, "no branch `7.aa`; did you mean `7.a`?"),
        (["7.c"], True, "Bring that one back, and 7.c comes with it: ./phaseplan reintegrate 7 7.a"),
        (["7.a"], False, "held by run run-1"),
        (["7.a"], True, "PP602"),  # the ledger's own plan is run, and names no agent
    ],
)
def test_reintegrate_names_why_it_refuses(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], branches: list[str], closed: bool, words: str
) -> None:
    left_by(repository, book(closed=closed, a=State.ISOLATED, b=State.INTEGRATED), tmp_path / "state")
    assert main(["reintegrate", "7", *branches, "--repository", str(repository)]) == 1
    assert words in capsys.readouterr().err


def test_take_over_continues_where_an_open_run_stopped(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_by(repository, book(closed=False, a=State.ISOLATED), tmp_path / "state")
    assert main(["reintegrate", "7", "7.a", "--take-over", "--repository", str(repository)]) == 1
    assert "PP602" in capsys.readouterr().err


def test_reintegrate_of_a_phase_that_was_never_opened_is_an_input_fault(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reintegrate", "7", "7.a", "--repository", str(repository)]) == 1
    assert "was never opened" in capsys.readouterr().err
