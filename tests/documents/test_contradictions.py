"""Contradictions are reported with both places, and counted when asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phaseplan.documents.importing.document import import_file, import_text
from phaseplan.documents.outline.commands import fault, inverted
from phaseplan.plan.campaign import load_valid
from tests.documents.corpus import HERE

TOP = Path(__file__).resolve().parents[2]


def diagnostics_of(name: str) -> set[tuple[str, int]]:
    return {(d.code, d.line) for d in import_file(HERE / name).diagnostics}


def message(name: str, code: str, line: int) -> str:
    return next(d.message for d in import_file(HERE / name).diagnostics if (d.code, d.line) == (code, line))


def test_contradictions_of_the_founding_document_are_all_found() -> None:
    name = "01-founding.md"
    assert diagnostics_of(name) == {
        ("PP911", 9),
        ("PP908", 10),
        ("PP905", 85),
        ("PP909", 138),
        ("PP910", 391),
        ("PP910", 408),
    }
    assert "55 % (01-founding.md:325)" in message(name, "PP908", 10)
    assert "give 40-67 %" in message(name, "PP908", 10) and "give 55 %" in message(name, "PP908", 10)
    assert "5.2.1 -> 5.3.1" in message(name, "PP905", 85) and "01-founding.md:63" in message(name, "PP905", 85)
    assert "5.2.1, 5.2.2, 5.2.3" in message(name, "PP909", 138)
    assert "40 hours (01-founding.md:323)" in message(name, "PP911", 9)


@pytest.mark.parametrize(
    ("code", "line", "parts"),
    [
        ("PP901", 16, ["13.2.1", "13.1.1, 13.1.2", "12-contradictions.md:40"]),
        ("PP902", 4, ["6 branches", "5 are described"]),
        ("PP902", 5, ["2000 lines", "2050"]),
        ("PP902", 6, ["5 agents", "3"]),
        ("PP903", 30, ["13.1.2", "wave 2", "wave 1"]),
        ("PP906", 12, ["phase 12", "12-contradictions.md:11"]),
        ("PP907", 33, ["13.2.3", "13.2.1", "12-contradictions.md:18"]),
        ("PP908", 7, ["80 %", "50 %"]),
        ("PP909", 36, ["13.2.1, 13.2.2", "reports/export/"]),
        ("PP910", 52, ["passes whatever"]),
        ("PP910", 53, ["passes when it finds"]),
        ("PP911", 30, ["450", "400", "12-contradictions.md:17"]),
        ("PP912", 42, ["13.2.3", "wave 3"]),
        ("PP914", 42, ["the archive"]),
        ("PP913", 58, ["p13w2-archive"]),
    ],
)
def test_every_kind_of_contradiction_is_found(code: str, line: int, parts: list[str]) -> None:
    assert (code, line) in diagnostics_of("12-contradictions.md")
    text = " | ".join(
        d.message for d in import_file(HERE / "12-contradictions.md").diagnostics if (d.code, d.line) == (code, line)
    )
    assert [part for part in parts if part not in text] == []


def test_a_circle_that_only_all_sources_together_have() -> None:
    graph = "```mermaid\ngraph TD\n A[1.1.1: One] --> B[1.1.2: Two]\n B --> C[1.1.3: Three]\n```\n"
    table = (
        "## Wave 1: All\n| ID | Branch | Depends on |\n|-|-|-|\n| 1.1.1 | feature/a | 1.1.3 "
        "|\n| 1.1.2 | feature/b | 1.1.1 |\n| 1.1.3 | feature/c | 1.1.2 |\n"
    )
    found = import_text("x.md", f"# Phase 1: A\n{graph}{table}").diagnostics
    assert [d.code for d in found if d.code != "PP901"] == ["PP904"]
    found = import_text("x.md", f"# Phase 1: A\n{graph}").diagnostics
    assert found == ()


def test_strict_makes_errors_and_writes_the_same() -> None:
    loose, strict = import_file(HERE / "01-founding.md"), import_file(HERE / "01-founding.md", strict=True)
    assert not any(d.is_error for d in loose.diagnostics)
    assert all(d.is_error and d.severity == "error" for d in strict.diagnostics)
    assert loose.text == strict.text


def test_independence_against_another_plan() -> None:
    plans = [(p.path, p.plan) for p in load_valid([TOP / "include/plans/phase-05.yaml"], None).plans]
    text = (
        "# Phase 3: B\n- **Depends On**: Phase 5\n- **Independent From**: Phase 4\n\n## Wave "
        "1: X\n| ID | Branch |\n|-|-|\n| 3.1.1 | feature/x |\n"
    )
    found = import_text("b.md", text, others=plans).diagnostics
    assert [(d.code, d.line) for d in found] == [("PP906", 2)]


@pytest.mark.parametrize(
    ("command", "bad"),
    [
        ("go mod graph | grep circular", True),
        ("grep -rn FIXME src", True),
        ("go vet ./... 2>&1 | grep -i error", True),
        ("! grep -rn FIXME src", False),
        ("go vet ./... | grep -v error", False),
        ("grep -q 'kind: Deployment' deploy.yaml", False),
        ("grep circular x && exit 1", False),
        ("make test", False),
    ],
)
def test_inverted_gates(command: str, bad: bool) -> None:
    assert inverted(command) is bad


@pytest.mark.parametrize("command", ["git status", "make test || true", "git diff", "pytest; echo done"])
def test_gates_that_cannot_fail(command: str) -> None:
    assert fault(command) is not None


@pytest.mark.parametrize("command", ["git diff --exit-code", "make test", "git status --porcelain | wc -l | grep -x 0"])
def test_gates_that_can_fail_are_not_reported(command: str) -> None:
    assert fault(command) is None


@pytest.mark.parametrize("text", ["", "# Phase 1\n\nNothing.\n", "| a | b |\n|---|---|\n", "```mermaid\ngraph TD\n```"])
def test_a_document_without_branches_is_an_error(text: str) -> None:
    done = import_text("x.md", text)
    assert [d.code for d in done.diagnostics] == ["PP915"] and done.text is None


SHOP = """# Shop

| ID | Title | Depends on | Hours |
|---|---|---|---|
| S-1 | Cart | - | 4 |
| S-2 | Pay | S-1 | 6 |
| S-3 | Ship | S-2 | 5 |
"""


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("| Total | | | 15 |", []),
        ("| Total | | | 20 |", ["PP902 20h in all, but the rows above add up to 15h"]),
        ("\nTotal effort: 40 hours", ["PP902 40h in all, but all units add up to 15h"]),
        ("\nTotal effort: 15 hours", []),
        ("\nCritical path: S-1 -> S-2 -> S-3", []),
        (
            "\nCritical path: S-1 -> S-3",
            ["PP905 the critical path is shorter than S-1 -> S-2 -> S-3, by the units' own time"],
        ),
        (
            "\nCritical path: S-3 -> S-1",
            ["PP905 the critical path goes S-3 -> S-1, but S-1 does not need S-3: it needs nothing (shop.md:5)"],
        ),
    ],
)
def test_sums_and_critical_paths_of_any_format_are_checked(more: str, found: list[str]) -> None:
    done = import_text("shop.md", f"{SHOP}{more}\n")
    assert [f"{d.code} {d.message}" for d in done.diagnostics] == found and done.text is not None


def test_a_critical_path_may_name_units_of_other_phases() -> None:
    rows = "| 4.1.1 | feature/a | - |\n| 4.1.2 | feature/b | 4.1.1 |\n"
    text = f"# Phase 4: Shop\n\n## Wave 1: A\n\n| ID | Branch | Depends on |\n|---|---|---|\n{rows}"
    graph = "\n```mermaid\ngraph TD\n A[4.1.1: One] --> B[4.1.2: Two]\n```\n"
    done = import_text("shop.md", f"{text}{graph}\nCritical path: 3.2.1 -> 4.1.1 -> 4.1.2 -> 5.1.1\n")
    assert done.text is not None and [d.code for d in done.diagnostics] == []


def test_hours_are_checked_against_their_sum_in_a_plan_in_waves() -> None:
    rows = "| 4.1.1 | feature/a | - | 4 hours |\n| 4.1.2 | feature/b | - | 6 hours |\n| Total | | | 30 hours |\n"
    head = "# Phase 4: Shop\n\nTotal effort: 100 hours\n\n## Wave 1: A (8 hours)\n"
    text = f"{head}| ID | Branch | Depends on | Hours |\n|---|---|---|---|\n{rows}"
    assert {(d.code, d.line) for d in import_text("x.md", text).diagnostics} == {("PP902", 3), ("PP902", 10)}


def test_a_graph_against_two_tables_is_reported_once_for_each_need() -> None:
    second = "\n| ID | Blocked by |\n|---|---|\n| S-2 | S-1 |\n| S-3 | S-2 |\n"
    graph = "\n```mermaid\ngraph TD\n  S-1 --> S-2\n  S-1 --> S-3\n```\n"
    found = import_text("shop.md", SHOP + second + graph).diagnostics
    assert [(d.code, d.line) for d in found] == [("PP901", 7)] and "S-3 needs S-2" in found[0].message
    shorter = graph.replace("S-1 --> S-3", "S-2 --> S-3\n  S-1 --> S-3")  # what follows from others is no contradiction
    assert import_text("shop.md", SHOP + second + shorter).diagnostics == ()


@pytest.mark.parametrize("where", ["row", "line"])
def test_the_parts_of_a_split_row_take_its_place(where: str) -> None:
    text = SHOP.replace("| S-3 |", "| S-2a | By card | | 3 |\n| S-2b | By bank | | 3 |\n| S-3 |")
    said = "split into S-2a and S-2b"
    text = text.replace("| Pay |", f"| Pay ({said}) |") if where == "row" else f"{text}\nS-2 was {said}.\n"
    done = import_text("shop.md", text)
    needs = {b["id"]: b.get("depends_on") for b in yaml.safe_load(done.text or "")["waves"][0]["branches"]}
    assert needs == {"S-1": None, "S-2a": ["S-1"], "S-2b": ["S-1"], "S-3": ["S-2a", "S-2b"]}
    assert [(d.code, d.severity) for d in done.diagnostics] == [("PP917", "note")]


def test_ids_that_exist_and_parts_of_words_are_no_contradictions() -> None:
    rows = "| 4.1.1 | feature/a | Cart | none |\n| 4.1.2 | feature/b | Pay | 4.1.1 (types only) and 4.1.3 |\n"
    text = "# Phase 4: Shop\n\n## Wave 1: A\n| ID | Branch | Title | Depends on |\n|---|---|---|---|\n"
    gates = "grep -q errorBoundary src/app.ts\ngrep -rn terrors src\nmake test-failover\n"
    more = f"| 4.1.3 | feature/c | Errors | Cart |\n\n### Validation\n```bash\n{gates}```\n"
    assert import_text("x.md", text + rows + more).diagnostics == ()
