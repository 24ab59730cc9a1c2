"""Line 6: a merge that was not finished is a finding.

Was: a merge the agent left in conflict was committed with its markers, passed, and was integrated where a plan has no
commands.
Right: conflict markers that the base does not have are a finding of every branch, with file and line. Headings, files
that had them before, and copies of such files are none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.gates.diff import Judged
from tests.field.small_phase import phase_plan, small_phase
from tests.field.test_05_line_budget import Case, Files

OURS, THEIRS = "<" * 7, ">" * 7
BASE, MIDDLE = "|" * 7, "=" * 7
WHOLE = f"a\n{OURS} HEAD\nours\n{MIDDLE}\ntheirs\n{THEIRS} feature/x\nb\n"
DIFF3 = f"{OURS} ours\nx\n{BASE} 1a2b3c4\nold\n{MIDDLE}\ny\n{THEIRS} theirs\n"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def marked(judged: Judged) -> list[tuple[str | None, int | None]]:
    return [(f.file, f.line) for f in judged.findings if f.gate == "markers"]


LEFT = {
    "whole": (WHOLE, 2),
    "with its base": (DIFF3, 1),
    "with carriage returns": (WHOLE.replace("\n", "\r\n"), 2),
    "without names": (f"{OURS}\na\n{MIDDLE}\nb\n{THEIRS}\n", 1),
    "without its first half": (f"a\n{MIDDLE}\nb\n{THEIRS} 4711 (a commit)\n", 2),
    "without its end": (f"a\n{OURS} HEAD\nb\n{MIDDLE}\nc\n", 2),
    "in a text with a NUL": (f"\0\n{WHOLE}", 3),
    "under a heading": (f"Heading\n{MIDDLE}\n{WHOLE}", 4),
}


@pytest.mark.parametrize(("text", "line"), LEFT.values(), ids=LEFT.keys())
@pytest.mark.parametrize("before", [None, "a\nb\n"], ids=["new file", "old file"])
def test_remaining_conflict_markers_are_a_finding(case: Case, text: str, line: int, before: str | None) -> None:
    base: Files = {"x": "x\n"} if before is None else {"src/a.py": before}
    judged = case.judged(base, {"src/a.py": text}, max_lines=None)
    assert marked(judged) == [("src/a.py", line)]
    assert "not finished" in str(judged.findings[0])


@pytest.mark.parametrize("size", [5, 8, 32])
@pytest.mark.parametrize("who", ["the base", "the branch"])
def test_markers_of_another_size_set_by_an_attribute_are_a_finding(case: Case, size: int, who: str) -> None:
    said: Files = {"docs/.gitattributes": f"*.rst conflict-marker-size={size}\n"}
    text = WHOLE.replace(OURS, "<" * size).replace(MIDDLE, "=" * size).replace(THEIRS, ">" * size)
    base = {"x": "x\n", **(said if who == "the base" else {})}
    judged = case.judged(base, {"docs/a.rst": text, "b.txt": text, **said}, max_lines=None)
    assert marked(judged) == [("docs/a.rst", 2)]


HARMLESS = {
    "headings": f"Heading\n{MIDDLE}\n\ntext\n\nSecond!\n{OURS}\n\nThird!!\n{THEIRS}\n".replace(OURS, "<<<<<<"),
    "headings of three kinds": f"Heading\n{MIDDLE}\n\nDeeper!\n{THEIRS}\n",
    "a table": f"{BASE}\n{MIDDLE}\n",
    "indented": WHOLE.replace("\n", "\n    "),
    "eight characters": WHOLE.replace(OURS, OURS + "<").replace(THEIRS, THEIRS + ">"),
    "a quotation": f"{THEIRS} somebody wrote\n{THEIRS} something\n",
    "within a line": f"x {OURS} HEAD\nx {MIDDLE}\nx {THEIRS} y\n",
    "a here-document": f"cat {OURS} x\n",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_lines_that_only_look_like_markers_are_no_finding(case: Case, text: str) -> None:
    assert marked(case.judged({"x": "x\n"}, {"doc/a.rst": text})) == []


def test_a_file_that_had_them_may_be_changed_moved_and_copied(case: Case) -> None:
    base = {"tests/conflict.txt": WHOLE, "doc/merge.md": DIFF3 + "text\n" * 20}
    changed = {"tests/conflict.txt": "first\n" + WHOLE.replace("ours", "mine"), "copy.txt": WHOLE}
    moved = {"doc/merge.md": None, "doc/merging.md": DIFF3 + "text\n" * 20 + "more\n"}
    assert marked(case.judged(base, {**changed, **moved})) == []
    one_more = {"tests/conflict.txt": "first\n" + WHOLE.replace("ours", "mine") + "\n" + WHOLE}
    assert marked(case.judged({"y": "y\n"}, one_more)) == [("tests/conflict.txt", 11)]


def test_a_reject_file_of_a_patch_is_a_finding(case: Case) -> None:
    left = "--- a.c\n+++ a.c\n@@ -1 +1 @@\n-a\n+b\n"
    judged = case.judged(
        {"src/a.c": "x\n", "old.c.rej": left, "old.c": "x\n"}, {"src/a.c.rej": left, "other.rej": left}
    )
    assert marked(judged) == [("src/a.c.rej", None)] and "not applied" in str(judged.findings[0])


def test_removing_markers_is_no_finding(case: Case) -> None:
    assert marked(case.judged({"a": WHOLE}, {"a": "a\nours\nb\n"})) == []


@pytest.mark.docker
def test_an_agent_that_leaves_a_merge_in_conflict_does_not_pass(tmp_path: Path) -> None:
    agent = f"printf '{WHOLE.encode('unicode_escape').decode()}' > code.py"
    with small_phase(tmp_path, {"code.py": "a\nb\n"}) as phase:
        phase.open(phase_plan({"5.1.1": ()}), agent)
        verdict = phase.build("5.1.1")
        assert verdict.outcome == "failed"
        assert [(f.gate, f.file, f.line) for f in verdict.findings] == [("markers", "code.py", 2)]
        assert phase.integrate(1).merged == ()
