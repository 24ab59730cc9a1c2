"""Documents of the formats that people's tools write are read as what they are, and nothing is lost in silence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from phaseplan.documents.importing.document import import_file, import_text
from tests.documents import formats

DOCUMENTS = formats.documents()
_NAMES = [f"{path.parent.name}/{path.name}" for path in DOCUMENTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)
def test_a_document_is_read_as_a_careful_reader_reads_it(document: Path) -> None:
    want, done = formats.wanted(document), import_file(document)
    made = [formats.compact(plan) for plan in formats.plans(done)]
    assert len(made) == len(want["plans"])
    for reading, plan in zip(want["plans"], made, strict=True):
        titles = {unit: plan["titles"].get(unit) for unit in reading.get("titles", {})}
        shown = {key: plan.get(key) for key in reading if key != "titles"}
        assert {**shown, "titles": titles} == {"titles": {}, **reading}
        assert plan["needs"] == reading.get("needs", {})
    assert Counter(d.code for d in done.diagnostics) == want.get("reported", {})


def test_no_unit_of_the_corpus_is_lost_in_silence() -> None:
    assert {str(path): formats.lost(path) for path in DOCUMENTS if formats.lost(path)} == {}


def test_every_format_has_three_documents() -> None:
    counts = Counter(path.parent.name for path in DOCUMENTS)
    assert {name: count for name, count in counts.items() if count < 3} == {}


def test_every_value_names_a_line_of_the_document() -> None:
    for document in DOCUMENTS:
        last = document.read_text().count("\n") + 1
        for text in import_file(document).texts:
            for line in (line for line in text.splitlines() if "  # " in line and "# TODO" not in line):
                number = line.rsplit(f"{document.name}:", 1)[1].split(",")[0].split(" ")[0]
                assert 0 < int(number) <= last, line


def test_a_thousand_rows_are_a_thousand_units() -> None:
    rows = "".join(f"| 7.1.{n} | feature/p7-{n} | Piece {n} |\n" for n in range(1, 1001))
    done = import_text("x.md", f"# Phase 7: Many\n\n## Wave 1\n\n| ID | Branch | Title |\n|---|---|---|\n{rows}")
    assert done.text is not None and done.text.count("- id:") == 1000
    assert (done.used, done.rows) == (1000, 1000)


@pytest.mark.parametrize("text", ["127.0.0.1:8080", "version 1.4.2", "pkg/a/b/c", "red/green/blue", "2026-01-02"])
def test_a_number_or_a_path_in_a_text_hides_no_unit(text: str) -> None:
    done = import_text("x.md", f"# Plan\n\nIt is {text}.\n\n### Task 1: Store {text}\n\n### Task 2: Page\n")
    assert (
        done.text is not None and done.text.count("- id:") == 2 and f"title: Store {text}" in done.text.replace('"', "")
    )


@pytest.mark.parametrize(
    ("head", "needs"),
    [
        ("Prerequisite of", {"K-2": ["K-1"], "K-3": ["K-1"]}),
        ("Voraussetzung für", {"K-2": ["K-1"], "K-3": ["K-1"]}),
        ("Blocks", {"K-2": ["K-1"], "K-3": ["K-1"]}),
        ("Required by", {"K-2": ["K-1"], "K-3": ["K-1"]}),
        ("Siehe auch", {}),
    ],
)
def test_a_direction_is_read_or_reported_and_never_guessed(head: str, needs: dict[str, list[str]]) -> None:
    table = f"| ID | Titel | {head} |\n|---|---|---|\n| K-1 | Eins | K-2, K-3 |\n| K-2 | Zwei | |\n| K-3 | Drei | |\n"
    done = import_text("x.md", f"# Plan\n\n{table}")
    assert formats.compact(formats.plans(done)[0])["needs"] == needs
    assert [d.code for d in done.diagnostics] == ([] if needs else ["PP916"])


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("T001-T003", ["T001", "T002", "T003"]),
        ("T001 to T003", ["T001", "T002", "T003"]),
        ("tasks T001, T002 & T003", ["T001", "T002", "T003"]),
        ("all of Phase 1", ["T001", "T002"]),
        ("all except T002", ["T001", "T003"]),
        ("T001/T003", ["T001", "T003"]),
        ("none", []),
        ("keine", []),
    ],
)
def test_lists_ranges_groups_and_exceptions_are_spelt_out(text: str, needs: list[str]) -> None:
    tasks = "## Phase 1: A\n\n- [ ] T001 A\n- [ ] T002 B\n\n## Phase 2: B\n\n- [ ] T003 C\n"
    done = import_text(
        "x.md",
        f"# Tasks\n\n{tasks}- [ ] T004 D (depends on {text})\n" if needs else f"# Tasks\n\n{tasks}- [ ] T004 D\n",
    )
    assert formats.compact(formats.plans(done)[0])["needs"].get("T004", []) == needs
    assert done.diagnostics == ()


def test_what_is_not_used_is_reported_with_its_line_and_strict_makes_it_an_error() -> None:
    text = "# Plan\n\n### Task 1: Store\n\n### Task 2: Page\n\n## Later\n\n- [ ] Write the book\n- APP-7: Ship it\n"
    loose, strict = import_text("x.md", text), import_text("x.md", text, strict=True)
    assert [(d.code, d.line, d.is_error) for d in loose.diagnostics] == [("PP916", 9, False), ("PP916", 10, False)]
    assert [d.is_error for d in strict.diagnostics] == [True, True]
    assert (loose.used, loose.rows) == (2, 4)


def test_a_finished_wave_is_left_out_and_said_so() -> None:
    old = "## Wave 1: Old (completed)\n\n| ID | Title |\n|---|---|\n| A-1 | One |\n\n"
    text = f"# Work\n\n{old}## Wave 2: New\n\n| ID | Title | Needs |\n|---|---|---|\n| A-2 | Two | A-1 |\n"
    done = import_text("x.md", text)
    assert formats.compact(formats.plans(done)[0])["waves"] == {2: ["A-2"]} and "depends_on" not in (done.text or "")
    assert [(d.code, d.severity) for d in done.diagnostics] == [("PP917", "note")]


def test_a_folder_is_one_campaign(tmp_path: Path) -> None:
    for plan, needs, wave in (("01", "[]", 1), ("02", '["08-01"]', 2)):
        front = f"phase: 08-lamps\nplan: {plan}\nwave: {wave}\ndepends_on: {needs}\nfiles_modified: [src/{plan}.ts]"
        (tmp_path / f"08-{plan}-PLAN.md").write_text(f"---\n{front}\n---\n\n<objective>\nPart {plan}.\n</objective>\n")
    plans = "- [ ] 08-01-PLAN.md - One\n- [ ] 08-02-PLAN.md - Two\n"
    (tmp_path / "ROADMAP.md").write_text(f"# Roadmap\n\n### Phase 8: Lamps\n**Depends on**: Phase 7\n\n{plans}")
    (tmp_path / "README.md").write_text("# What this is\n")
    done = import_file(tmp_path)
    (plan,) = (formats.compact(plan) for plan in formats.plans(done))
    assert (plan["phase"], plan["title"], plan["depends_on"]) == (8, "Lamps", [7])
    assert plan["waves"] == {1: ["08-01"], 2: ["08-02"]} and plan["needs"] == {"08-02": ["08-01"]}
    assert "# 08-02-PLAN.md:5" in done.texts[0] and done.diagnostics == ()


def test_tasks_of_backlog_in_a_folder_are_one_plan(tmp_path: Path) -> None:
    for number, needs in ((1, "[]"), (2, "[task-1]"), (3, "[task-1, task-2]")):
        front = f"id: task-{number}\ntitle: Part {number}\nstatus: To Do\ndependencies: {needs}"
        (tmp_path / f"task-{number} - Part.md").write_text(f"---\n{front}\n---\n\n## Description\n")
    (plan,) = (formats.compact(plan) for plan in formats.plans(import_file(tmp_path)))
    assert plan["needs"] == {"task-2": ["task-1"], "task-3": ["task-1", "task-2"]}


def test_a_critical_path_that_is_none_is_reported() -> None:
    text = "# Plan\n\n### Task 1: A\n\n### Task 2: B\n\n**Depends on:** Task 1\n\n### Task 3: C\n\n## Critical Path\n\n"
    done = import_text("x.md", f"{text}Task 1 -> Task 2 -> Task 3\n")
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP905", 13)]
    assert formats.compact(formats.plans(done)[0])["needs"] == {"2": ["1"]}


def test_the_page_of_import_has_the_table_of_this_corpus() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "import.md"
    assert page.read_text().endswith(formats.table())


def test_a_remark_in_brackets_that_names_no_unit_stays_in_the_title() -> None:
    text = (
        "# Tasks\n\n## Phase 1: A\n\n- [ ] T001 Build it (requires Rust 1.70)\n- [ ] T002 Ship it (depends on T001)\n"
    )
    done = import_text("x.md", text)
    assert formats.compact(formats.plans(done)[0])["titles"] == {
        "T001": "Build it (requires Rust 1.70)",
        "T002": "Ship it",
    }
    assert done.diagnostics == ()


def test_a_need_of_another_file_stays_in_the_plan_as_a_todo() -> None:
    front = 'phase: 3\nplan: 2\nwave: 1\ndepends_on: ["01"]\nfiles_modified: [src/a.ts]'
    done = import_text("03-02-PLAN.md", f"---\n{front}\n---\n\n# Lamps\n")
    assert "# TODO depends_on: `03-01` (03-02-PLAN.md:5)" in (done.text or "")
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP914", 5)]
