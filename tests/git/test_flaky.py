"""A flaky branch: another verdict, and nothing about the branch differs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from phaseplan.ledger.flaky import flaky
from phaseplan.ledger.records import Deed, Night, changed
from phaseplan.ledger.run_history import DONE


def deed(what: str = "built", **more: Any) -> Deed:
    facts = {"key": "k", "gates": "g", "base": "w", "commit": "c", "attempt": 1}
    return Deed.model_validate({"what": what, **facts, **more})


def night_of(run: str, deeds: dict[str, Deed], base: str = "b", plan: str = "p") -> Night:
    return Night(run=run, epoch=1, opened="o", base=base, base_name="main", plan=plan, start="wave", deeds=deeds)


OUT = deed("isolated", cause="failed", why="it broke")
CULPRIT = deed("isolated", cause="wave_gate", why="red with it")


def test_both_runs_are_named() -> None:
    (found,) = flaky([night_of("r1", {"x": deed()}), night_of("r2", {"x": OUT})])
    assert str(found) == "x was built in r1 and isolated in r2, same inputs: it broke"
    (back,) = flaky([night_of("r1", {"x": OUT}), night_of("r2", {"x": deed()})])
    assert (back.was, back.became, back.why) == ("isolated", "built", "it broke")


def test_what_lies_between_hides_nothing() -> None:
    between = [night_of("r2", {"x": deed("blocked")}), night_of("r3", {"x": deed(key="other")})]
    (found,) = flaky([night_of("r1", {"x": deed()}), *between, night_of("r4", {"x": OUT})])
    assert (found.first, found.second) == ("r1", "r4")


def test_a_wave_gate_judges_a_branch_among_others() -> None:
    green = night_of("r1", {"x": deed(), "y": deed(commit="y1"), "z": deed(commit="z1")})
    assert flaky([green, night_of("r2", {"x": CULPRIT, "y": deed("reused", commit="y1"), "z": deed("blocked")})])
    assert not flaky([green, night_of("r2", {"x": CULPRIT, "y": deed(commit="y2"), "z": deed(commit="z1")})])
    assert not flaky([green, night_of("r2", {"x": CULPRIT, "y": deed(commit="y1")})])


def test_a_conflict_and_a_persons_will_are_no_verdict_on_the_branch() -> None:
    for cause in ("conflict", "taken_out"):
        assert not flaky([night_of("r1", {"x": deed()}), night_of("r2", {"x": deed("isolated", cause=cause)})])


WHATS = st.sampled_from([*DONE, "blocked", "cancelled", "unfinished", "waiting", "untouched"])
DEEDS = st.one_of(
    st.builds(lambda w, k, c: deed(w, key=k, commit=c), WHATS, st.sampled_from("kl"), st.sampled_from("cd")),
    st.builds(
        lambda k, c, w: deed("isolated", key=k, commit=c, cause=w),
        st.sampled_from("kl"),
        st.sampled_from("cd"),
        st.sampled_from(["failed", "conflict"]),
    ),
)
NIGHTS = st.lists(
    st.builds(
        lambda deeds, base: night_of("", deeds, base),
        st.dictionaries(st.sampled_from("xyz"), DEEDS),
        st.sampled_from("bc"),
    ),
    max_size=6,
).map(lambda found: [changed(n, run=f"r{i}") for i, n in enumerate(found)])


@given(NIGHTS)
def test_a_flake_is_two_verdicts_on_the_same_inputs(nights: list[Night]) -> None:
    by_run = {n.run: n for n in nights}
    order = [n.run for n in nights]
    for found in flaky(nights):
        first, second = by_run[found.first], by_run[found.second]
        was, became = first.deeds[found.branch], second.deeds[found.branch]
        assert order.index(found.first) < order.index(found.second)
        assert {was.what in DONE, became.what in DONE} == {True, False}
        for name in ("commit", "key", "gates", "base"):
            assert getattr(was, name) == getattr(became, name) != ""
        assert (first.base, first.plan) == (second.base, second.plan)


@given(NIGHTS)
def test_every_failure_between_two_green_runs_of_the_same_inputs_is_found(nights: list[Night]) -> None:
    turns = 0
    seen: dict[tuple[str, ...], bool] = {}
    for n in nights:
        for branch, d in n.deeds.items():
            if d.what not in DONE and d.cause != "failed":
                continue
            inputs, inside = (branch, d.commit, d.key, n.base), d.what in DONE
            turns += seen.get(inputs, inside) != inside
            seen[inputs] = inside
    assert len(flaky(nights)) == turns


@given(NIGHTS, st.sampled_from(["commit", "key", "gates", "base"]))
def test_nobody_is_flaky_where_every_night_differs_in_one_thing(nights: list[Night], name: str) -> None:
    apart = [
        changed(n, deeds={b: changed(d, **{name: f"{i}"}) for b, d in n.deeds.items()}) for i, n in enumerate(nights)
    ]
    assert flaky(apart) == ()
    assert flaky([changed(n, base=f"{i}") for i, n in enumerate(nights)]) == ()
    assert flaky([changed(n, plan=f"{i}") for i, n in enumerate(nights)]) == ()
