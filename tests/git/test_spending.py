"""What attempts used: sums by branch, wave, run and phase, and what was wasted of it."""

from __future__ import annotations

from collections.abc import Mapping

from phaseplan.cli.show import tables
from phaseplan.ledger.money.spending import spending, spent_by
from phaseplan.ledger.money.usage import ModelUsage, Spent, Usage
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import Night, Pinned, State, Verdict, changed
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import read
from phaseplan.report.status import build_status
from tests.cli.plans import RUN, ledger, plan, record, verdict
from tests.git.lab import Lab, plan_of

PLAN = plan(attempts=3)


def usage(tokens: int, usd: float | None = 0.01, model: str = "m") -> Usage:
    return Usage(calls=1, models={model: ModelUsage(input=tokens, output=1, usd=usd)})


def tried(branch: str, attempt: int, tokens: int, outcome: str = "passed", run: str = RUN, gating: int = 1) -> Verdict:
    fields = {"attempt": attempt, "outcome": outcome, "run": run, "gating": gating, "usage": usage(tokens)}
    return verdict(branch, attempt, attempt + 1, **fields)


def phase(*verdicts: Verdict, **records: tuple[State, int]) -> Snapshot:
    """Make a phase with these verdicts; `records`: state and attempt by the letter of the branch."""
    by_branch: dict[str, tuple[Verdict, ...]] = {}
    for made in verdicts:
        by_branch[made.branch] = (*by_branch.get(made.branch, ()), made)
    stored = {}
    for letter, (state, attempt) in records.items():
        newest = [v for v in by_branch[f"7.{letter}"] if v.attempt == attempt][-1]
        stored[newest.branch] = record(state, newest)
    book = ledger(PLAN, branches=stored)
    return Snapshot(phase=7, opened=OpenPhase(book, Pinned(plan=PLAN, profiles={})), verdicts=by_branch)


def tokens(spent: Spent | None) -> tuple[int, int]:
    """Return tokens read: used and wasted."""
    assert spent is not None
    read = [sum(m.input for m in u.models.values()) if u else 0 for u in (spent.usage, spent.wasted)]
    return read[0], read[1]


def test_sums_are_by_branch_wave_run_and_phase() -> None:
    seen = phase(
        tried("7.a", 1, 100, "failed"),
        tried("7.a", 2, 200),
        tried("7.b", 1, 1000, run="run-0"),
        tried("7.c", 1, 5000, "unfinished"),
        a=(State.INTEGRATED, 2),
        b=(State.INTEGRATED, 1),
    )
    sums = spending(seen, PLAN)
    assert {b: tokens(s) for b, s in sums.branches.items()} == {
        "7.a": (300, 100),
        "7.b": (1000, 0),
        "7.c": (5000, 5000),
    }
    assert {w: tokens(s) for w, s in sums.waves.items()} == {1: (1300, 100), 2: (5000, 5000)}
    assert {r: tokens(s) for r, s in sums.runs.items()} == {RUN: (5300, 5100), "run-0": (1000, 0)}
    assert tokens(sums.phase) == (6300, 5100)
    assert spent_by(seen, "7.a") == sums.branches["7.a"] and spent_by(seen, "7.x") is None


def test_work_that_waits_to_be_merged_is_not_wasted_and_work_that_was_taken_out_is() -> None:
    waiting = phase(tried("7.a", 1, 100), a=(State.PASSED, 1))
    assert tokens(spent_by(waiting, "7.a")) == (100, 0)
    assert tokens(spent_by(phase(tried("7.a", 1, 100)), "7.a")) == (100, 0), "a result that the ledger has not yet"
    for state in (State.ISOLATED, State.PENDING, State.CANCELLED):
        assert tokens(spent_by(phase(tried("7.a", 1, 100), a=(state, 1)), "7.a")) == (100, 100), state


def test_a_newer_attempt_that_may_replace_what_is_in_wastes_neither_until_one_of_them_is_out() -> None:
    both = tried("7.a", 1, 100), tried("7.a", 2, 200)
    assert tokens(spent_by(phase(*both, a=(State.INTEGRATED, 1)), "7.a")) == (300, 0)
    assert tokens(spent_by(phase(*both, a=(State.INTEGRATED, 2)), "7.a")) == (300, 100), "superseded"


def test_gating_an_attempt_again_uses_nothing() -> None:
    seen = phase(tried("7.a", 1, 100, run="run-0"), tried("7.a", 1, 100, gating=2), a=(State.INTEGRATED, 1))
    assert {r: tokens(s) for r, s in spending(seen, PLAN).runs.items()} == {"run-0": (100, 0)}


def test_a_branch_that_the_plan_has_no_more_counts_for_the_phase() -> None:
    sums = spending(phase(tried("7.z", 1, 100)), PLAN)
    assert sums.waves == {} and tokens(sums.phase) == (100, 0)


def test_each_verdict_is_read_a_fixed_number_of_times() -> None:
    reads = [0]

    class Counted(dict[str, tuple[Verdict, ...]]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            reads[0] += 1
            return super().get(key, ())

    def cost(branches: int) -> int:
        many: Mapping[str, tuple[Verdict, ...]] = Counted({f"7.{n}": (tried(f"7.{n}", 1, 1),) for n in range(branches)})
        reads[0] = 0
        spending(Snapshot(phase=7, verdicts=many), PLAN)
        return reads[0]

    assert cost(400) == 4 * cost(100)


def test_a_price_that_is_unknown_is_never_zero() -> None:
    unknown = changed(tried("7.a", 1, 100), usage=usage(100, usd=None, model="free"))
    (spent,) = spending(phase(unknown), PLAN).branches.values()
    assert str(spent) == "100 tokens in, 1 out, price unknown" and spent.short == "101 tokens"
    partly = spending(phase(unknown, tried("7.b", 1, 5)), PLAN).phase
    assert partly is not None and partly.short == "$0.01+"
    assert str(partly) == "105 tokens in, 2 out, $0.01, price of free unknown"


def test_status_shows_sums_by_wave_run_and_branch_with_what_was_wasted() -> None:
    seen = phase(
        tried("7.a", 1, 100, "failed", run="run-0"), tried("7.a", 2, 200), tried("7.c", 1, 50, "failed"),
        a=(State.INTEGRATED, 2),
    )  # fmt: skip
    status = build_status(seen, PLAN)
    assert [*tables.used(status)] == [
        "used      350 tokens in, 3 out, $0.03; wasted $0.02, 152 tokens",
        "this run  250 tokens in, 2 out, $0.02; wasted $0.01, 51 tokens",
        "          7.a: 300 tokens in, 2 out, $0.02; wasted $0.01, 101 tokens",
        "          7.c: 50 tokens in, 1 out, $0.01; all wasted",
    ]
    assert [line.partition("; used ")[2] for line in tables.waves(status)] == [
        "$0.02 ($0.01 wasted)", "$0.01 ($0.01 wasted)"
    ]  # fmt: skip
    assert status.usage and status.run_wasted and status.waves[1].wasted == status.branches["7.a"].wasted


def nights(lab: Lab) -> tuple[Night, ...]:
    return read(lab.repo, lab.remote, 5, nights=True).nights


def test_the_end_of_a_run_says_what_it_used_and_its_night_keeps_it(lab: Lab) -> None:
    ids: dict[str, tuple[str, ...]] = {"5.1": (), "5.2": ()}
    token = lab.open(plan_of(ids))
    lab.build(token, "5.1", {"a": "bad\n"}, claim="c/1", outcome="failed", fields={"usage": usage(100)})
    lab.build(token, "5.1", {"a": "made\n"}, claim="c/2", fields={"usage": usage(200)})
    lab.build(token, "5.2", {"b": "made\n"}, fields={"usage": usage(1000, usd=None, model="free")})
    lab.integrate(token, 1)
    closing = lab.close(token)
    told = "1,300 tokens in, 3 out, $0.02, price of free unknown; wasted $0.01, 101 tokens"
    assert f"Used in this run: {told}." in closing.message and "in all runs" not in closing.message
    assert f"\n- used {told}" in closing.note
    (night,) = nights(lab)
    assert tokens(Spent(usage=night.usage, wasted=night.wasted)) == (1300, 100)
    assert night.deeds["5.1"].usage is not None and night.deeds["5.1"].usage.tokens == 302


def test_a_second_run_that_reuses_all_has_used_nothing_and_the_phase_has(lab: Lab) -> None:
    token = lab.open(plan_of({"5.1": ()}))
    lab.build(token, "5.1", {"a": "made\n"}, fields={"usage": usage(200)})
    lab.integrate(token, 1)
    lab.close(token)
    token = lab.open(plan_of({"5.1": ()}), run="run-2")
    lab.integrate(token, 1)
    closing = lab.close(token)
    assert "Used in this run: nothing." in closing.message
    assert "\n- used" not in closing.note
    assert nights(lab)[-1].usage is None


def test_a_phase_without_gateways_shows_nothing_of_it(lab: Lab) -> None:
    token = lab.open(plan_of({"5.1": ()}))
    lab.build(token, "5.1", {"a": "made\n"})
    lab.integrate(token, 1)
    closing = lab.close(token)
    status = build_status(lab.read())
    assert "Used" not in closing.message and "\n- used" not in closing.note
    assert status.usage is None and [*tables.used(status)] == []
    assert not any("used" in line for line in tables.waves(status))
