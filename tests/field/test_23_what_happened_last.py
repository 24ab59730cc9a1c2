"""Line 23: status, the table of a run and close_phase report the newest event.

Was: a `generate` command that failed while a workspace was prepared left the old reason everywhere ("conflicts with
5.2.1").
Right: a workspace that cannot be made is recorded under a number of its own, blocked and without an agent, with the
command and its output. If a run did nothing for a branch, the reason from an earlier run is marked as such.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.ledger.records import State
from phaseplan.ledger.run_history import night
from phaseplan.ledger.write import read
from phaseplan.report.status import build_status
from phaseplan.wave.integrate import WaveRed
from tests.field.small_phase import SmallPhase, phase_plan, small_phase
from tests.git.lab import PHASE, Lab, plan_of

AGENT = """
case $PHASEPLAN_BRANCH in
  5.1.1) mkdir -p gen src; echo one > src/one; cat src/* > gen/all;;
  *) echo "$PHASEPLAN_BRANCH" > f; test -e gen/all && echo "$PHASEPLAN_BRANCH" > "of $PHASEPLAN_BRANCH";;
esac
"""
GENERATE = [{"paths": ["/gen/**"], "command": "if grep -q 5.2.1 f; then echo src/one is bad; exit 7; fi"}]


def conflicting(phase: SmallPhase) -> None:
    """5.2.2 conflicts with 5.2.1, and on what is integrated then the generator fails."""
    waves: tuple[dict[str, tuple[str, ...]], ...] = ({"5.1.1": ()}, {"5.2.1": ("5.1.1",), "5.2.2": ("5.1.1",)})
    phase.open(phase_plan(*waves, generated_files=GENERATE), AGENT)
    phase.build("5.1.1")
    phase.integrate(1)
    for b in ("5.2.1", "5.2.2"):
        assert phase.build(b).outcome == "passed"
    phase.integrate(2)
    assert "conflicts with 5.2.1" in phase.status().branches["5.2.2"].reason


@pytest.mark.docker
def test_a_generate_command_that_fails_in_a_workspace_is_the_last_thing_that_is_said(tmp_path: Path) -> None:
    with small_phase(tmp_path, {"f": "base\n"}) as phase:
        conflicting(phase)
        verdict = phase.build("5.2.2", claim="1")  # a person Clears it
        assert (verdict.outcome, verdict.exit_code, verdict.raw) == ("blocked", None, None)
        status = phase.status().branches["5.2.2"]
        assert status.state is State.BLOCKED
        assert status.reason.startswith("generated files cannot be made in its workspace: commands: ")
        assert "exit code 7" in status.reason and any("src/one is bad" in str(f) for f in status.findings)
        assert "conflicts with" not in status.reason
        closing = phase.close()
        assert "5.2.2 Branch 5.2.2: blocked: generated files cannot be made" in closing.message
        assert "conflicts with" not in closing.message
        assert night(phase.snapshot()).deeds["5.2.2"].why.startswith("generated files cannot be made")
        assert phase.snapshot().status_lines[-1].find("BLOCKED 5.2.2") > 0
        assert phase.build("5.2.2", claim="1") == verdict, "another start of the same task finds it"
        assert phase.build("5.2.2", claim="2").attempt == verdict.attempt + 1, "a Clear tries again"


@pytest.mark.docker
def test_dependencies_that_conflict_with_each_other_are_written_down(tmp_path: Path) -> None:
    waves: tuple[dict[str, tuple[str, ...]], ...] = ({"5.1.1": (), "5.1.2": (), "5.1.3": ("5.1.1", "5.1.2")},)
    with small_phase(tmp_path, {"f": "base\n", "gen/all": "x\n"}) as phase:
        phase.open(phase_plan(*waves, start="dependencies"), 'echo "$PHASEPLAN_BRANCH" > f')
        for b in ("5.1.1", "5.1.2"):
            phase.build(b)
        assert phase.build("5.1.3").outcome == "blocked"
        reason = phase.status().branches["5.1.3"].reason
        assert reason == "its dependencies conflict with each other: 5.1.2 conflicts with 5.1.1 in f"
        assert (
            not phase.snapshot().attempts.get("5.1.3") and not [n for n in phase.said if "runs in container" in n][2:]
        )


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Close a run that isolated 2 for a conflict."""
    made = Lab(tmp_path, {"f": "base\n"})
    token = made.open(plan_of({"1": [], "2": []}, {"3": ["2"], "4": []}))
    for b in "12":
        made.build(token, b, {"f": f"{b}\n"})
    made.integrate(token, 1)
    made.close(token)
    return made


def test_a_run_that_came_to_nothing_about_a_branch_does_not_repeat_the_old_reason_as_its_own(lab: Lab) -> None:
    before = build_status(lab.read()).branches["2"]
    assert before.reason == "conflicts with 1 in f"
    token = lab.open(plan_of({"1": [], "2": []}, {"3": ["2"], "4": []}), run="run-2")
    assert build_status(lab.read()).branches["2"].reason == "conflicts with 1 in f", "its task may still come"
    closing = lab.close(token)  # the task of 2 ended before it began an attempt
    said = "its task ended before an attempt began, and its log says why; before it, isolated: conflicts with 1 in f"
    assert f"- 2 Branch 2: not built in this run: {said}" in closing.message
    snapshot = read(lab.repo, lab.remote, PHASE)
    status = build_status(snapshot).branches
    assert status["2"].reason == f"not built in this run: {said}" and status["2"].state is State.ISOLATED
    assert night(snapshot).deeds["2"].why.startswith("not built in this run")
    assert status["4"].reason == "not built in this run: wave 1 was not integrated"


def test_what_this_run_decided_itself_keeps_its_words(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": []}, {"3": ["2"], "4": []}), run="run-2")
    lab.build(token, "2", {"f": "again\n"})
    lab.integrate(token, 1)
    closing = lab.close(token)
    assert "not built in this run" not in closing.message.split("- 2 ")[1].split("\n")[0]


def test_a_branch_that_the_run_is_not_about_keeps_its_reason(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": []}, {"3": ["2"], "4": []}), run="run-2", branches=("1",))
    lab.close(token)
    assert build_status(lab.read()).branches["2"].reason == "conflicts with 1 in f"


def test_a_wave_that_an_earlier_run_left_red_is_not_called_red_by_one_that_never_came_to_it(tmp_path: Path) -> None:
    made = Lab(tmp_path, {"f": "base\n"})
    plan = plan_of({"1": []}, validate=[["echo the base is bad; exit 1"]])
    token = made.open(plan)
    made.build(token, "1", {"f": "1\n"})
    with pytest.raises(WaveRed):
        made.integrate(token, 1)
    assert "- wave 1 is red: " in made.close(token).message
    assert build_status(made.read()).waves[1].state == "red"
    token = made.open(plan, run="run-2")  # its tasks die before they begin
    closing = made.close(token)
    assert "- wave 1 was not integrated in this run; before it, it was red: " in closing.message
    assert "mend the base" not in closing.message
    assert build_status(made.read()).waves[1].state == "pending"
