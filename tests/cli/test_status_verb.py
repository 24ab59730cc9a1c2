"""`phaseplan status`, on a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.ledger.records import Finding, Pinned, State, changed
from phaseplan.ledger.write import commit_ledger, read
from phaseplan.repository.remote import Remote
from tests.cli.plans import ledger, plan, record, verdict
from tests.git.lab import Lab, plan_of


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a target repository in which a run has isolated 7.a."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    target = tmp_path / "target"
    subprocess.run(["git", "init", "-q", "-b", "main", target], check=True)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", target, *identity, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    head = subprocess.run(["git", "-C", target, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    finding = Finding(gate="budget", limit="10", actual="12", message="too many added lines")
    failed = verdict("7.a", 1, 11, outcome="failed", findings=(finding,), name=None, reason="gates said no")
    book = ledger(plan(), branches={"7.a": record(State.ISOLATED, failed)})
    book = changed(book, run=changed(book.run, base=head.stdout.strip()))
    remote = Remote(str(target))
    with remote.private(state=tmp_path / "state") as repo:
        remote.fetch(repo, "+refs/heads/*:refs/heads/*")
        assert commit_ledger(
            repo,
            remote,
            read(repo, remote, 7),
            book,
            status_lines=("2026-01-05 10:00 Wave 1 - Agent 1: ISOLATED 7.a Part A",),
            blockers=("BLOCKED: Agent 1 - waits for 7.a",),
            pinned=Pinned(plan=plan(), profiles={}),
        )
    return target


def test_json(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "7", "--json", "--repository", str(repository)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], data["phase"], data["complete"]) == (1, 7, False)
    assert {b: data["branches"][b]["state"] for b in data["branches"]} == {
        "7.a": "isolated",
        "7.b": "pending",
        "7.c": "blocked",
    }
    assert data["branches"]["7.a"]["findings"][0]["message"] == "too many added lines"


def test_text_names_state_cause_and_log(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "phase_07", "--repository", str(repository)]) == 0
    output = capsys.readouterr().out
    assert "Phase 7 Small: not complete" in output
    assert "7.a isolated: gates said no" in output
    assert "budget: too many added lines (limit 10, actual 12)" in output
    assert "7.c blocked: needs 7.a Part A, isolated: gates said no" in output
    assert output.count("next: Clear wave_1.7-a_p7-a with Downstream on and Only-failed off\n") == 1, "the cause, once"
    assert "next: Clear wave_2" not in output
    assert "BLOCKED: Agent 1 - waits for 7.a" in output
    assert "ISOLATED 7.a Part A" in output
    assert max(map(len, output.splitlines())) <= 120


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["seven"], 1, "write its number"),
        (["9"], 1, "no ledger of phase 9"),
    ],
)
def test_status_names_why_it_cannot_answer(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(["status", *arguments, "--repository", str(repository)]) == code
    assert words in capsys.readouterr().err


def test_an_unreachable_repository_is_the_systems_fault(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["status", "7", "--repository", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_status_shows_predicted_conflicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    lab = Lab(tmp_path)
    token = lab.open(plan_of({"5.1": [], "5.2": []}))
    for branch_id in ("5.1", "5.2"):
        lab.build(token, branch_id, {"pkg/a.go": f"{branch_id}\n"})
    assert main(["status", "5", "--json", "--repository", str(lab.url)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["predicted_conflicts"] == [{"branches": ["5.1", "5.2"], "paths": ["pkg/a.go"]}]
    assert main(["status", "5", "--repository", str(lab.url)]) == 0
    assert "\nEARLY WARNING: 5.1 and 5.2 conflict in pkg/a.go; 5.2 is later" in capsys.readouterr().out
