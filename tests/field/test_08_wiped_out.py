"""Line 8: a branch that removes lines of its dependency is reported.

Was: a branch could rewrite a register file whole, without the lines of the branch it builds on: the merge was clean,
and the result "10 of 10".
Right: "removes 31 of 40 lines that 5.1.1 added to register.go" is in the log, in `status` and in the brief of the next
attempt; where the file is shared with `merge: union` it is a finding.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from phaseplan.cli import status as status_verb
from phaseplan.gates.diff import Judged, judge
from phaseplan.gates.lost import Earlier
from phaseplan.merging.chain import Head, chain_merge
from phaseplan.merging.conservation import union_dropped
from phaseplan.plan.model import PhasePlan
from tests.field.small_phase import phase_plan, small_phase
from tests.git.lab import Lab, commit_files

BASE = "package register\n\nfunc init() {\n}\n"


def register(names: Sequence[str]) -> str:
    return "package register\n\nfunc init() {\n" + "".join(f'\tregister("{n}")\n' for n in names) + "}\n"


FORTY = [f"of_one_{i}" for i in range(40)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, {"register.go": BASE, "other.go": "package other\n"})


def plan(**more: Any) -> PhasePlan:
    return phase_plan({"5.1.1": (), "5.1.2": ()}, {"5.2.1": ("5.1.1",)}, **more)


def judged(lab: Lab, first: Mapping[str, str | None], second: Mapping[str, str | None], **more: Any) -> Judged:
    """Judge a branch that builds on another one's work."""
    one = commit_files(lab.repo, lab.main, dict(first), "5.1.1")
    base = chain_merge(lab.repo, lab.main, [Head("5.1.1", one, base=lab.main)]).commit
    raw = commit_files(lab.repo, base, dict(second), "5.2.1")
    made = plan(**more)
    earlier = (Earlier("5.1.1", lab.main, one),)
    return judge(lab.repo, made, made.by_id["5.2.1"], base, raw, ground=lab.main, earlier=earlier)


def test_a_register_file_rewritten_whole_is_named_with_its_numbers(lab: Lab) -> None:
    found = judged(lab, {"register.go": register(FORTY)}, {"register.go": register([*FORTY[:9], "of_two"])})
    assert found.notes == ("removes 31 of 40 lines that 5.1.1 added to register.go",)
    assert found.findings == ()


UNION = {"shared_files": [{"path": "register.go", "owner": "5.1.1", "branches": ["5.2.1"], "merge": "union"}]}


@pytest.mark.parametrize(("left", "message"), [(9, "removes 31 of 40"), (39, "removes 1 of 40")])
def test_removed_lines_in_a_union_merged_file_are_a_finding(lab: Lab, left: int, message: str) -> None:
    second = {"register.go": register([*FORTY[:left], "of_two"])}
    found = judged(lab, {"register.go": register(FORTY)}, second, **UNION)
    assert [(f.gate, f.file) for f in found.findings] == [("shared", "register.go")]
    assert message in found.findings[0].message and "put them back" in found.findings[0].message


HARMLESS: dict[str, dict[str, str | None]] = {
    "adds its own": {"register.go": register([*FORTY, "of_two"])},
    "moves lines": {"register.go": register([*reversed(FORTY), "of_two"])},
    "indents anew": {"register.go": register(FORTY).replace("\t", "        ")},
    "renames the file": {"register.go": None, "registers/all.go": register([*FORTY, "of_two"])},
    "renames it as it is": {"register.go": None, "registers/all.go": register(FORTY)},
    "mends three": {"register.go": register(FORTY).replace("of_one_1\"", 'one_1"').replace("of_one_2\"", 'one_2"')},
    "takes out what the base had": {"other.go": "package another\n"},
    "takes out an empty line": {"register.go": register(FORTY).replace("\n\n", "\n")},
}  # fmt: skip


@pytest.mark.parametrize("second", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_branch_that_removes_no_lines_is_not_named(lab: Lab, second: dict[str, str | None]) -> None:
    assert judged(lab, {"register.go": register(FORTY)}, second).notes == ()


WIPED: dict[str, dict[str, str | None]] = {
    "the file is removed": {"register.go": None},
    "a renamed file is emptied": {"register.go": None, "all.go": register([*FORTY[:25]])},
    "as bytes": {"register.go": "\0\n" + register([])},
}


@pytest.mark.parametrize("second", WIPED.values(), ids=WIPED.keys())
def test_moved_and_deleted_files_that_lose_lines_are_named(lab: Lab, second: dict[str, str | None]) -> None:
    (said,) = judged(lab, {"register.go": register(FORTY)}, second).notes
    assert said.endswith("of 40 lines that 5.1.1 added to register.go")


def test_lost_lines_are_found_in_a_file_that_another_branch_moved(lab: Lab) -> None:
    one = commit_files(lab.repo, lab.main, {"register.go": register(FORTY)}, "5.1.1")
    two = commit_files(lab.repo, one, {"register.go": None, "moved.go": register(FORTY)}, "5.1.2")
    raw = commit_files(lab.repo, two, {"moved.go": register(["of_two"])}, "5.2.1")
    earlier = (Earlier("5.1.1", lab.main, one), Earlier("5.1.2", one, two))
    made = plan()
    found = judge(lab.repo, made, made.by_id["5.2.1"], two, raw, ground=lab.main, earlier=earlier)
    assert "removes 40 of 40 lines that 5.1.1 added to moved.go" in found.notes


def test_a_union_merge_that_dropped_a_line_is_a_finding(lab: Lab) -> None:
    heads = [
        Head(b, commit_files(lab.repo, lab.main, {"register.go": register([b, "both"])}, b), base=lab.main)
        for b in ("one_1", "two_2")
    ]
    merged = chain_merge(lab.repo, lab.main, heads, union=["register.go"]).commit
    assert union_dropped(lab.repo, ["register.go"], merged, heads) == ()
    broken = commit_files(lab.repo, merged, {"register.go": register(["two_2", "both"])}, "dropped")
    (found,) = union_dropped(lab.repo, ["register.go"], broken, heads)
    assert (found.gate, found.file) == ("shared", "register.go") and "1 of 2 lines that one_1 added" in found.message


AGENT = """
case $PHASEPLAN_BRANCH in
  5.1.1) for i in $(seq 40); do echo "register(of_one_$i)"; done >> register.go;;
  5.2.1) echo "register(of_two)" > register.go; cp /phaseplan/task.md told.md;;
esac
"""


@pytest.mark.docker
def test_log_status_and_next_brief_of_a_run_name_lost_lines(tmp_path: Path) -> None:
    waves: tuple[dict[str, tuple[str, ...]], ...] = ({"5.1.1": ()}, {"5.2.1": ("5.1.1",)})
    made = phase_plan(*waves, gates={"required": [{"files": "told.md", "pattern": r"removes \d+ of"}]}, attempts=2)
    with small_phase(tmp_path, {"register.go": "register()\n"}) as phase:
        phase.open(made, AGENT)
        phase.build("5.1.1")
        phase.integrate(1)
        verdict = phase.build("5.2.1")
        said = "removes 40 of 40 lines that 5.1.1 added to register.go"
        assert (verdict.outcome, verdict.attempt, verdict.notes) == ("passed", 2, (said,))
        assert f"NOTE 5.2.1 {said}" in phase.said
        assert f"{said}: is that meant?" in phase.show(f"{verdict.commit}:told.md")
        assert phase.integrate(2).merged == ("5.2.1",)
        console = Console(file=io.StringIO(), width=200)
        status_verb.show(console, phase.status(), phase.snapshot(), made)
        assert isinstance(console.file, io.StringIO)
        assert f"5.2.1 {said}" in console.file.getvalue().split("Worth a look:")[1]
        assert any(said in line for line in phase.snapshot().status_lines)
