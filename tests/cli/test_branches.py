"""The branches of a phase on a screen, and what is said below them."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from phaseplan.cli.show import tables
from phaseplan.cli.show.branches import BranchTable
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import BranchRecord, Finding, Pinned, State
from phaseplan.ledger.write import Snapshot
from phaseplan.merging.predicted_conflicts import EarlyWarning
from phaseplan.report.status import PhaseStatus, build_status
from tests.cli.plans import ledger, plan, verdict

PLAN = plan()
LONG = Finding(gate="budget", message="far more lines than the plan allows " * 4, limit="10", actual="801")


def status_of(*, closed: bool = True) -> PhaseStatus:
    """a failed twice (c needs it); b passed as a person's second attempt and was taken out."""
    a = tuple(verdict("7.a", n, n + 9, attempt=n, outcome="failed", findings=(LONG,), name=None) for n in (1, 2))
    b = (verdict("7.b", 1, 9), verdict("7.b", 20, 29, attempt=2, source="person", commit="c" * 40))
    out = BranchRecord(state=State.ISOLATED, attempt=2, cause="wave_gate", reason="go vet: exit 1", verdict=b[1])
    book = ledger(PLAN, closed=closed, branches={"7.b": out})
    snapshot = Snapshot(phase=7, opened=OpenPhase(book, Pinned(plan=PLAN, profiles={})), verdicts={"7.a": a, "7.b": b})
    return build_status(snapshot, PLAN, warnings=[EarlyWarning(branches=("7.a", "7.b"), paths=("x",))])


def drawn(status: PhaseStatus, width: int, selected: tuple[str, ...] = ()) -> list[str]:
    console = Console(file=StringIO(), width=width, highlight=False)
    console.print(BranchTable(status, selected))
    return console.file.getvalue().splitlines()  # it is the StringIO


@pytest.mark.parametrize("width", [80, 120])
def test_a_line_for_each_branch_and_one_for_each_attempt(width: int) -> None:
    lines = drawn(status_of(), width)
    assert max(map(len, lines)) <= width
    body = [line for line in lines if line.strip()][2:]
    starts = [line.split(":")[0].rstrip("…").strip() for line in body]
    assert body[0].split() == ["7.a", "Part", "A", "isolated", "2", "12", "9.0", "s", "bbbbbbbb"]
    assert starts[1:3] == ["attempt 1 bbbbbbbb failed", "attempt 2 bbbbbbbb failed"]
    assert starts[4] == "attempt 1 bbbbbbbb passed, replaced by 2, 12 lines"
    assert starts[5] == "attempt 2 by a person cccccccc passed, taken out"
    assert body[6].startswith("7.c")
    assert starts[7] == "needs 7.a Part A, isolated"
    assert len(body) == 8


def test_titles_are_shortened_and_wide_characters_keep_the_columns() -> None:
    branches = {"7.a": {"title": "\u754c" * 40}, "7.b": {"title": "T" * 70}}
    status = status_of()
    named = {b: s.model_copy(update=branches.get(b, {})) for b, s in status.branches.items()}
    lines = drawn(status.model_copy(update={"branches": named}), 80)
    (wide,) = (line for line in lines if line.startswith("7.a"))
    (long,) = (line for line in lines if line.startswith("7.b"))
    assert long.index("isolated") == wide.index("isolated") + wide.count("\u754c")
    assert "TTT…" in long


def test_a_selection_shows_only_what_was_selected() -> None:
    assert not [line for line in drawn(status_of(), 80, ("7.a",)) if line.startswith(("7.b", "7.c"))]


def test_the_next_step_is_shown_once_at_the_first_cause() -> None:
    lines = list(tables.troubles(status_of(), PLAN))
    steps = [line for line in lines if "next:" in line]
    how = "with Downstream on and Only-failed off, or ./phaseplan reintegrate 7"
    assert steps == [f"    next: Clear wave_1.7-{b}_p7-{b} {how} 7.{b}" for b in "ab"]
    behind = next(line for line in lines if line.startswith("7.c"))
    assert behind.startswith("7.c blocked: needs 7.a Part A, isolated: ")


def test_only_clear_is_offered_while_the_run_is_open() -> None:
    assert not [line for line in tables.troubles(status_of(closed=False), PLAN) if "reintegrate" in line]


def test_predicted_conflicts_are_shown() -> None:
    (line,) = tables.early(status_of())
    assert line.startswith("EARLY WARNING: 7.a and 7.b conflict in x")
