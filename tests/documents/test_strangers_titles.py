"""Documents of strangers' projects are read whole: numbered titles that say what units say are units."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import read


@pytest.mark.parametrize(
    "form",
    ["### {}. Part {}", "**{}. Part {}**", "{}. **Part {}**", "### {}) Part {}", "### Step {}: Part {}"],
)  # fmt: skip
def test_numbered_titles_that_need_each_other_are_units(form: str) -> None:
    one, two, three = (form.format(n, n) for n in (1, 2, 3))
    text = (
        f"{one}\n   - Files: `src/a.py`\n\n{two}\n   - Depends on: 1\n   - [ ] step\n\n{three}\n   - Depends on: 1, 2\n"
    )
    plan, done = read(f"# House\n\n## Work\n\n{text}\n## Risks\n\n1. **Rain** falls\n2. **Snow** falls\n")
    assert plan["titles"] == {"1": "Part 1", "2": "Part 2", "3": "Part 3"} and done.diagnostics == ()
    assert plan["needs"] == {"2": ["1"], "3": ["1", "2"]} and plan["owns"] == {"1": ["src/a.py"]}


def test_numbered_titles_with_an_issue_each_are_these_issues() -> None:
    plan, done = read("# House\n\n### 1. Dig \u2014 #60\n\n- [ ] step\n\n### 2. Pour (#61)\n\nDepends on #60.\n")
    assert plan["titles"] == {"60": "Dig", "61": "Pour"} and plan["needs"] == {"61": ["60"]} and done.diagnostics == ()


def test_titles_with_dots_are_units_of_their_phases_and_an_appendix_has_none() -> None:
    one = "## Phase 1: Pit\n\n### 1.1 Dig\n\n**Files:** `a.py`\n\n### 1.2 Pour\n\n**Depends on:** 1.1\n\n"
    two = "## Phase 2: House\n\n### 2.1 Walls\n\n**Depends on:** 1.1, 1.2\n\n"
    plan, _ = read(f"# Plan\n\n{one}{two}## Appendix\n\n### 9.1 See also\n\n### 9.2 Words\n")
    assert plan["waves"] == {1: ["1.1", "1.2"], 2: ["2.1"]} and plan["needs"] == {"1.2": ["1.1"], "2.1": ["1.1", "1.2"]}


def test_numbered_sections_of_a_document_are_no_units_and_the_refusal_names_them() -> None:
    one = "## 1. Introduction\n\n**Scope:** this speaks of a.py\n\n## 2. Requirements\n\n**Dependencies:** numpy\n\n"
    done = import_text("x.md", f"# Design\n\n{one}## 3. Design\n\nText.\n")
    assert done.texts == () and [(d.code, d.line) for d in done.diagnostics] == [("PP915", 3)]
    assert "nothing says that they are units" in done.diagnostics[0].message


def test_items_that_begin_with_the_word_of_a_unit_are_units() -> None:
    one = "1. **PR 1 \u2013 Dig** (`feat/dig`): the pit in `src/a.py`\n"
    two = "2. **PR 2 \u2013 Pour** (`feat/pour`): depends on PR 1\n"
    plan, done = read(f"# Stack\n\n{one}{two}\nMerge order: PR 1 \u2192 PR 2\n")
    assert plan["titles"] == {"1": "Dig: the pit in src/a.py", "2": "Pour"} and done.diagnostics == ()
    assert plan["names"] == {"1": "feat/dig", "2": "feat/pour"} and plan["needs"] == {"2": ["1"]}
    assert plan["owns"] == {"1": ["src/a.py"]}
    plan, _ = read("# Stack\n\n- Task 1: Dig\n- Task 2: Pour\n  - Files: b.py\n  - After Task 1\n\n- Risk 1: rain\n")
    assert plan["titles"] == {"1": "Dig", "2": "Pour"} and plan["needs"] == {"2": ["1"]}
    assert plan["owns"] == {"2": ["b.py"]}


def test_a_table_of_files_below_a_units_heading_is_what_it_owns() -> None:
    table = "| File | Change |\n|---|---|\n| `src/a.py` | new |\n| `src/b.py` | moved |\n"
    plan, done = read(f"# Plan\n\n## PR 1: Dig\n\n{table}\n## PR 2: Pour\n\nDepends on: PR 1 merged\n")
    assert plan["owns"] == {"1": ["src/a.py", "src/b.py"]} and plan["needs"] == {"2": ["1"]} and done.diagnostics == ()


def test_a_need_of_a_unit_inside_its_text_is_reported() -> None:
    text = "The stones are laid in rows. All of this depends on Task 1 as it stands.\n"
    plan, done = read(f"# Plan\n\n### Task 1: Dig\n\n### Task 2: Walls\n\n{text}")
    assert plan["needs"] == {} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 7)]


def test_numbered_items_that_need_each_other_are_units_and_other_lists_are_none() -> None:
    plain = "1. Dig the pit\n2. Pour (depends on 1)\n3. Roof (after 1 and 2)\n"
    for text in (plain, plain.replace("Dig", "**Dig**").replace("Pour", "**Pour**").replace("Roof", "**Roof**")):
        plan, done = read(f"# Plan\n\n{text}\n## Risks\n\n1. Rain\n2. Snow\n")
        assert plan["titles"] == {"1": "Dig the pit", "2": "Pour", "3": "Roof"} and done.diagnostics == ()
        assert plan["needs"] == {"2": ["1"], "3": ["1", "2"]}
    assert import_text("x.md", "# Notes\n\n1. Look\n2. Build, see 1\n3. Test, after 2 days\n").texts == ()


def test_a_need_in_brackets_alone_is_a_need() -> None:
    plan, _ = read("# Plan\n\n| # | Task | Deps |\n|---|---|---|\n| 1 | Dig | (none) |\n| 2 | Pour | (1) |\n")
    assert plan["needs"] == {"2": ["1"]}
