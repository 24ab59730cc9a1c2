"""Real Airflow, real containers, real repositories: the good phases complete, each misfit gets what it deserves."""

from __future__ import annotations

import subprocess

import pytest

from tests.end_to_end.night import Night

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]

PHASE_5 = [f"5.1.{n}" for n in (1, 2, 3)] + [f"5.2.{n}" for n in (1, 2, 3, 4)] + [f"5.3.{n}" for n in (1, 2, 3)]
PHASE_6 = ["6.1.1", "6.3.3"]  # its first wave


def test_phase_5_is_complete(night: Night) -> None:
    status = night.status(5)
    assert status["complete"], night.output[-6000:]
    assert {b: s["state"] for b, s in status["branches"].items()} == dict.fromkeys(PHASE_5, "integrated")
    assert {w["state"] for w in status["waves"].values()} == {"integrated"}


def test_phase_6_is_complete_on_what_phase_5_integrated(night: Night) -> None:
    before, status = night.status(5), night.status(6)
    assert status["complete"], night.output[-6000:]
    assert {b: s["state"] for b, s in status["branches"].items()} == dict.fromkeys(PHASE_6, "integrated")
    assert status["run"]["base"] == before["integration"] and status["run"]["opened"] > before["run"]["closed"]
    assert night.git(6, "merge-base", "--is-ancestor", "integration/phase-5", "integration/phase-6") == ""


def test_phase_5_has_its_names_and_all_of_them_are_ancestors(night: Night) -> None:
    for branch in night.status(5)["branches"].values():
        name = branch["ref"].removeprefix("refs/heads/")
        assert name.startswith("feature/tmc-completion/p5w")
        assert night.git(5, "rev-parse", branch["ref"]).strip() == branch["head"]
        night.git(5, "merge-base", "--is-ancestor", branch["ref"], "refs/heads/integration/phase-5")
    assert night.git(5, "rev-parse", "integration/phase-5").strip() == night.status(5)["integration"]


def test_every_published_commit_has_a_verdict_for_exactly_itself(night: Night) -> None:
    judged = night.git(5, "for-each-ref", "--format=%(parent)", "refs/phaseplan/phase-5/results").split()
    assert {branch["head"] for branch in night.status(5)["branches"].values()} == set(judged)


def test_the_recipes_are_complete_without_git_in_their_image(night: Night) -> None:
    status = night.status(1)
    assert status["complete"], night.output[-6000:]
    files = night.git(1, "ls-tree", "-r", "--name-only", "integration/phase-1").split()
    modules = {"units", "parse", "scale", "shopping", "export"}
    assert {f"recipes/{module}.py" for module in modules} <= set(files)
    shared = night.git(1, "show", "integration/phase-1:recipes/commands.txt")
    assert all(word in shared for word in ("scale", "shopping", "export"))


def test_the_exit_code_says_that_not_all_is_well(night: Night) -> None:
    assert night.code in (1, 2), night.output[-6000:]


@pytest.mark.parametrize(
    ("branch", "state", "gate", "words"),
    [
        ("90.1.1", "integrated", None, ""),
        ("90.1.2", "isolated", "agent", "exited with code 3"),
        ("90.1.3", "isolated", "agent", "wrote nothing"),
        ("90.1.4", "isolated", "ownership", "README.md"),
        ("90.1.5", "blocked", None, "Need the answer of 90.9.9"),
        ("90.1.6", "isolated", "agent", "exited with code"),
        ("90.1.7", "isolated", "hostile", "work/90.1.7/out"),
        ("90.1.8", "isolated", "size", "big.bin"),
        ("90.2.1", "integrated", None, ""),
        ("90.2.2", "blocked", None, "90.1.2"),
    ],
)
def test_every_misfit_gets_its_state_and_its_finding(
    night: Night, branch: str, state: str, gate: str | None, words: str
) -> None:
    found = night.status(90)["branches"][branch]
    assert found["state"] == state, found
    if gate:
        assert gate in {finding["gate"] for finding in found["findings"]}
    assert words in f"{found['reason']} {found['findings']}"


@pytest.mark.parametrize("branch", ["90.1.2", "90.1.4", "90.1.6", "90.1.7", "90.1.8"])
def test_the_work_of_a_misfit_is_kept(night: Night, branch: str) -> None:
    kept = night.git(90, "ls-tree", "-r", "--name-only", f"refs/phaseplan/phase-90/attempts/{branch}/1")
    assert f"work/{branch}/" in kept
    assert "feature/p90w1-exits" not in night.git(90, "branch", "--format", "%(refname:short)")


def test_status_and_blockers_speak_as_the_document_does(night: Night) -> None:
    status = night.git(90, "show", "refs/phaseplan/phase-90/ledger:status.log")
    assert "Wave 1 - Agent 1: COMPLETED 90.1.1 Does what it should (1 lines)" in status
    assert "Wave 1 - Agent 2: STARTED 90.1.2 Exits non-zero" in status
    assert "Wave 1 - Agent 2: FAILED 90.1.2 Exits non-zero" in status
    blockers = night.git(90, "show", "refs/phaseplan/phase-90/ledger:blockers.log")
    assert "BLOCKED: Agent 5 - Need the answer of 90.9.9" in blockers
    mirrored = (night.state / "logs/phase-90/status.log").read_text()
    assert "COMPLETED 90.1.1" in mirrored


def test_the_log_of_a_branch_is_its_story(night: Night) -> None:
    log = night.log(90, "wave_1.90-1-4_trespass")
    for words in ("Input key", "# 90.1.4 Changes what it does not own", "misfit agent on 90.1.4, attempt 1", "FINDING"):
        assert words in log


def test_the_last_task_says_who_is_out_and_what_to_do(night: Night) -> None:
    log = night.log(90, "close_phase")
    assert "3 of 10 branches are integrated" in log or "2 of 10 branches are integrated" in log
    assert "90.1.2 Exits non-zero: isolated" in log
    assert "wave_1.90-1-2_exits" in log


def test_a_missing_base_fails_the_opening_and_creates_nothing(night: Night) -> None:
    assert "base 'nowhere' is neither a branch, a tag nor a commit" in night.log(91, "open_phase")
    assert "did not open phase 91" in night.log(91, "close_phase")
    assert night.git(91, "for-each-ref", "refs/phaseplan/phase-91", "refs/heads/integration/phase-91") == ""


def test_a_missing_image_fails_the_opening_before_any_agent_is_paid(night: Night) -> None:
    log = night.log(92, "open_phase")
    assert "image phaseplan/does-not-exist:1 is not on the Docker engine" in log
    assert len(night.tries(92, "open_phase")) == 1, "no retry mends it"
    assert night.git(92, "for-each-ref", "refs/phaseplan/phase-92", "refs/heads/integration/phase-92") == ""


def test_a_wave_of_one_culprit_publishes_nothing_and_the_next_wave_goes_on(night: Night) -> None:
    status = night.status(93)
    assert status["branches"]["93.1.1"]["state"] == "isolated"
    assert "test ! -e work/93.1.1/file.txt" in str(status["branches"]["93.1.1"]["findings"])
    assert status["branches"]["93.2.1"]["state"] == "integrated"
    assert {wave["state"] for wave in status["waves"].values()} == {"integrated"}
    assert {"work/93.1.1/file.txt", "work/93.2.1/file.txt"} & night.files(93) == {"work/93.2.1/file.txt"}


def test_a_person_who_stops_a_branch_stops_its_agent_and_keeps_its_work(night: Night) -> None:
    branches = night.status(94)["branches"]
    assert branches["94.1.1"]["state"] == "cancelled", branches["94.1.1"]
    assert branches["94.1.2"]["state"] == "integrated"
    kept = night.git(94, "ls-tree", "-r", "--name-only", "refs/phaseplan/phase-94/attempts/94.1.1/1")
    assert "work/94.1.1/begun.txt" in kept


def test_an_agent_that_takes_too_long_is_stopped_at_its_limit(night: Night) -> None:
    late = night.status(94)["branches"]["94.1.3"]
    assert late["state"] == "isolated"
    assert "time limit of 5 s" in str(late["findings"])
    assert late["agent_seconds"] < 60


def test_nothing_is_left_on_the_engine_but_the_volume_that_a_finding_names(night: Night) -> None:
    (kept,) = night.leftovers()
    assert kept in str(night.status(90)["branches"]["90.1.8"]["findings"])


def test_the_integrated_module_builds_and_its_tests_are_green(night: Night) -> None:
    archive = subprocess.run(
        ["git", "-C", str(night.repositories[5]), "archive", "integration/phase-5"], check=True, capture_output=True
    ).stdout
    script = "mkdir /tmp/w && tar -x -C /tmp/w && cd /tmp/w && go build ./... && go test ./..."
    command = ["docker", "run", "-i", "--rm", "--network", "none", "phaseplan/sample-go:1", "sh", "-c", script]
    done = subprocess.run(command, input=archive, capture_output=True)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-3000:]
    assert b"ok  \texample.com/kcp-lite/pkg/apis/workload/v1alpha1" in done.stdout
