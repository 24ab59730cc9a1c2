"""Line 7: a conflict in a generated file is solved only if its command really makes the file again.

Was: in a conflict inside generated_files one whole side was taken, without a check that the command made the file
again: with a stub command seven lines of a sibling's client vanished under "10 of 10 integrated".
Right: files in conflict are named. The command runs on both sides; a file that depends on which one it found was not
made again, and the branch that brought it is isolated with a finding that names the file. A pattern without a command
makes a conflict like any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phaseplan.ledger.records import State, Token
from phaseplan.plan.model import PhasePlan
from tests.field.small_phase import phase_plan, small_phase
from tests.git.lab import Lab, commit_files, plan_of

CLIENT = "package client\n\nfunc Base() {}\n"
SORTED = "cat src/* | sort > gen/client.go"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, {"gen/client.go": CLIENT, "src/base": "Base\n"})


def plan(command: str, *waves: dict[str, list[str]], **more: Any) -> PhasePlan:
    made = [{"paths": ["/gen/**"], "command": command}]
    return plan_of(*(waves or ({"1": [], "2": []},)), generated_files=made, **more)


def both_change(lab: Lab, made: PhasePlan) -> Token:
    """Let two branches add different methods to the client, and each its source."""
    token = lab.open(made)
    for b in "12":
        lab.build(token, b, {"gen/client.go": CLIENT + f"func Of{b}() {{}}\n" * 7, f"src/{b}": f"Of{b}\n"})
    return token


STUBS = {
    "does nothing": "true",
    "makes another file": "echo x > gen/other",
    "appends": "echo '// made' >> gen/client.go",
    "formats what it finds": "sed -i 's/  */ /g' gen/client.go",
    "puts each line it finds into another form": "sed -i 's/^/\\t/' gen/client.go",
    "does that and writes the date": "sed -i 's/^/\\t/' gen/client.go; date +%s%N >> gen/client.go",
    "sums up what it finds": "cksum < gen/client.go > n; cat src/* n > gen/client.go; rm n",
    "makes it only where there is none": "test -e gen/client.go || cat src/* > gen/client.go",
}


@pytest.mark.parametrize("command", STUBS.values(), ids=STUBS.keys())
def test_a_conflict_is_reported_if_the_command_did_not_regenerate_the_file(lab: Lab, command: str) -> None:
    token = both_change(lab, plan(command))
    done = lab.integrate(token, 1)
    assert done.merged == ("1",) and list(done.isolated) == ["2"]
    (found, *_) = done.isolated["2"]
    assert (found.gate, found.file) == ("generated", "gen/client.go")
    assert "did not make it again" in found.message and command in found.message
    assert lab.show(str(done.head), "gen/client.go").count("Of1") == 7
    assert "gen/client.go" in str(lab.read().folded().branches["2"].reason)


REAL = {
    "writes it from its sources": SORTED,
    "writes the date too": f"{SORTED}; date +%s%N >> gen/client.go",
    "writes the second": f"{SORTED}; date +%s >> gen/client.go; sleep 0.4",
    "writes only what differs": "cat src/* > new; cmp -s new gen/client.go || cp new gen/client.go; rm new",
    "takes it away": "rm -f gen/client.go",
}


@pytest.mark.parametrize("command", REAL.values(), ids=REAL.keys())
def test_a_command_that_made_it_is_enough_and_the_log_names_the_file(lab: Lab, command: str) -> None:
    token = both_change(lab, plan(command))
    done = lab.integrate(token, 1)
    assert done.merged == ("1", "2")
    (line,) = [line for line in done.status_lines if "CONFLICT in generated files" in line]
    assert line.endswith("which were made again: gen/client.go (with 2)")


def test_a_side_that_has_all_of_the_other_and_more_loses_nothing_to_a_command_that_writes_the_date(lab: Lab) -> None:
    token = lab.open(plan("sed -i 's/^/\\t/' gen/client.go; date +%s%N >> gen/client.go"))
    for b, more in (("1", "func One() {}\n"), ("2", "func One() {}\nfunc Two() {}\n")):
        lab.build(token, b, {"gen/client.go": CLIENT + more, f"src/{b}": f"Of{b}\n"})
    done = lab.integrate(token, 1)
    assert done.isolated["2"][0].gate == "generated"


def test_one_regenerated_file_is_no_proof_for_another(lab: Lab) -> None:
    token = lab.open(plan(SORTED))
    for b in "12":
        lab.build(token, b, {"gen/client.go": f"{b}\n", "gen/by hand": f"{b}\n", f"src/{b}": f"{b}\n"})
    done = lab.integrate(token, 1)
    assert [f.file for f in done.isolated["2"]][:1] == ["gen/by hand"]


def test_branches_that_differ_only_in_a_generated_file_lose_nothing(lab: Lab) -> None:
    token = lab.open(plan("true"))
    for b in "12":
        lab.build(token, b, {"gen/client.go": CLIENT + f"{b}\n"})
    assert list(lab.integrate(token, 1).isolated) == ["2"], "the merge is the first one's own tree"


def test_a_branch_that_removed_the_generated_file_is_a_side_of_the_conflict(lab: Lab) -> None:
    token = lab.open(plan("true"))
    lab.build(token, "1", {"gen/client.go": None, "src/1": "1\n"})
    lab.build(token, "2", {"gen/client.go": CLIENT + "more\n", "src/2": "2\n"})
    assert list(lab.integrate(token, 1).isolated) == ["2"]


@pytest.mark.parametrize("command", ["", " "])
def test_a_conflict_in_a_file_without_a_command_is_reported(lab: Lab, command: str) -> None:
    token = both_change(lab, plan(command))
    done = lab.integrate(token, 1)
    assert [(f.gate, f.file) for f in done.isolated["2"]] == [("conflict", "gen/client.go")]


def test_a_moved_base_is_a_side_of_the_conflict(lab: Lab) -> None:
    made = plan("true", validate=[["true"]])
    token = lab.open(made)
    lab.build(token, "1", {"gen/client.go": CLIENT + "of 1\n", "src/1": "1\n"})
    lab.integrate(token, 1)
    moved = commit_files(lab.target, lab.main, {"gen/client.go": CLIENT + "of main\n"}, "main moves")
    lab.target.run("update-ref", "refs/heads/main", moved)
    lab.remote.fetch(lab.repo, "+refs/heads/main:refs/heads/main")
    token = lab.open(made, run="run-2")
    lab.build(token, "2", {"src/2": "2\n"})
    with pytest.raises(Exception, match=r"gen/client.go.*did not make it again"):
        lab.integrate(token, 1)


AGENT = 'mkdir -p gen src; echo "$PHASEPLAN_BRANCH" > src/$PHASEPLAN_BRANCH; echo "$PHASEPLAN_BRANCH" > gen/client.go'


@pytest.mark.docker
@pytest.mark.parametrize("command", ["true", SORTED, f"{SORTED}; cat .git/HEAD >> gen/client.go"])
def test_generated_conflicts_are_solved_in_containers(tmp_path: Path, command: str) -> None:
    waves = ({"5.1.1": (), "5.1.2": ()},)
    made = phase_plan(*waves, generated_files=[{"paths": ["/gen/**"], "command": command}])
    with small_phase(tmp_path, {"gen/client.go": CLIENT, "src/base": "Base\n"}) as phase:
        phase.open(made, AGENT)
        for b in ("5.1.1", "5.1.2"):
            assert phase.build(b).outcome == "passed"
        done = phase.integrate(1)
        if command == "true":
            assert phase.snapshot().state("5.1.2") is State.ISOLATED
            assert "gen/client.go" in phase.status().branches["5.1.2"].reason
        else:
            assert phase.show(f"{done.head}:gen/client.go").startswith("5.1.1\n5.1.2\nBase")
