"""One pair of brackets behind a title may say how long, how large and what is needed: each of them is read."""

from __future__ import annotations

import pytest

from tests.documents.formats import read
from tests.documents.test_strangers_needs import LISTS

WAVES = "# Phase 4: House\n\n## Wave 1\n- **4.1.1** `feature/pit`: Dig\n## Wave 2\n- **4.2.1** `feature/walls`: "
TABLE = "# Phase 4: House\n\n## Wave 1\n| Branch | What |\n|---|---|\n| 4.1.1 `a/pit` | Dig |\n| 4.1.2 `a/walls` | "
HEADS = "# Phase 4: House\n\n## Wave 1\n#### 4.1.1: Dig\nBranch: `a/pit`\n\n## Wave 2\n#### 4.2.1: "
FORMS = {
    **{form: (f"# House\n\n{lines}", second) for form, (lines, _, second) in LISTS.items()},
    "waves": (WAVES, "4.1.1"),
    "waves by headings": (HEADS, "4.1.1"),
    "waves by table": (TABLE, "4.1.1"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("said", "time", "lines"),
    [
        ("(3h, depends on {})", "3h", None),
        ("(depends on {}, 2 days)", "16h", None),
        ("[1 day; needs {}]", "8h", None),
        ("(~250 lines, after {})", None, 250),
        ("(120 lines, est. 2 days, blocked by {})", "16h", 120),
        ("(2-4 hours \u00b7 requires {})", "2h-4h", None),
        ("(2 days) (needs {})", "16h", None),
        ("(needs {}) [2 days]", "16h", None),
        ("(requires {})", None, None),
        ("(builds on {})", None, None),
        ("(waits for {})", None, None),
        ("(S, 2h, follows {})", "2h", None),
        ("(S, needs {})", None, None),
        ("(Estimate: 2h. Depends on {})", "2h", None),
        ("(2h/needs {})", "2h", None),
        ("(can start after {}, 3 days)", "24h", None),
        ("(must be done after {}; 90 lines)", None, 90),
        ("(prerequisite: {}, 2h)", "2h", None),
        ("(dependencies: {})", None, None),
    ],
)
def test_a_time_a_size_and_a_need_in_brackets_are_read_and_leave_the_title(
    form: str, said: str, time: str | None, lines: int | None
) -> None:
    text, needed = FORMS[form]
    plan, done = read(f"{text}Walls {said.format(needed)}\n" + ("Branch: `a/walls`\n" if "heading" in form else ""))
    *_, last = [unit for units in plan["waves"].values() for unit in units]
    assert plan["titles"][last] in ("Walls", "Walls (S)")
    assert [len(needs) for needs in plan["needs"].values()] == [1] and last in plan["needs"]
    assert (plan["times"].get(last), plan["lines"].get(last)) == (time, lines)
    assert not [d for d in done.diagnostics if d.code in ("PP914", "PP916")]


@pytest.mark.parametrize("form", FORMS)
def test_a_time_alone_behind_a_title_is_read(form: str) -> None:
    text, _ = FORMS[form]
    plan, _ = read(f"{text}Walls (2 days)\n" + ("Branch: `a/walls`\n" if "heading" in form else ""))
    *_, last = [unit for units in plan["waves"].values() for unit in units]
    assert (plan["titles"][last], plan["times"].get(last)) == ("Walls", "16h")


def test_brackets_that_say_more_than_a_time_stay_in_the_title() -> None:
    titles = [
        "Keep logs (30 days, then delete)", "Retry (after 3 tries)", "Cut lines (max 80 characters)",
        "Poll [every 5 min]", "Pay (2 of 3, by hand)", "Time out (30s)",
    ]  # fmt: skip
    lines = "".join(f"- [ ] 1.{place} {title}\n" for place, title in enumerate(titles, 1))
    plan, done = read(f"# House\n\n## 1. Pit\n{lines}")
    assert list(plan["titles"].values()) == titles and plan["times"] == plan["needs"] == {} and done.diagnostics == ()


@pytest.mark.parametrize("form", FORMS)
def test_what_stands_beside_a_need_and_says_something_else_is_no_need(form: str) -> None:
    text, needed = FORMS[form]
    said = f"Walls (depends on {needed}; parallel with {needed[:-1]}9)"
    plan, done = read(f"{text}{said}\n" + ("Branch: `a/walls`\n" if "heading" in form else ""))
    *_, last = [unit for units in plan["waves"].values() for unit in units]
    assert len(plan["needs"][last]) == 1 and plan["titles"][last].startswith("Walls")
    assert not [d for d in done.diagnostics if d.code == "PP914"]


@pytest.mark.parametrize("said", ["after {} and {} are done", "can start once {} and {} are merged", "{}, {}"])
def test_two_needs_in_the_brackets_of_a_heading_are_read(said: str) -> None:
    words = said.format("Task 1", "Task 2") if said[0] != "{" else "needs " + said.format("Task 1", "Task 2")
    plan, _ = read(f"# House\n\n### Task 1: Dig\n\n### Task 2: Pour\n\n### Task 3: Bell ({words})\n")
    assert plan["needs"] == {"3": ["1", "2"]} and plan["titles"]["3"] == "Bell"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("said", ["(2h, blocks {})", "(before {})", "[enables {}; 90 lines]", "(prerequisite of {})"])
def test_what_needs_a_unit_may_stand_in_its_brackets(form: str, said: str) -> None:
    text, other = FORMS[form]
    plan, done = read(f"{text}Walls {said.format(other)}\n" + ("Branch: `a/walls`\n" if "heading" in form else ""))
    (walls,) = [unit for unit, title in plan["titles"].items() if title == "Walls"]
    assert list(plan["needs"].values()) == [[walls]]
    assert not [d for d in done.diagnostics if d.code in ("PP914", "PP916")]


def test_a_need_in_the_brackets_of_a_heading_that_names_no_unit_is_reported() -> None:
    plan, done = read("# House\n\n### Task 1: Dig\n\n### Task 2: Roof (requires Rust 1.70)\n")
    assert plan["needs"] == {} and [(d.code, d.line) for d in done.diagnostics] == [("PP914", 5)]
