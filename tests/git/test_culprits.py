"""A red wave: who makes it red is found, confirmed and isolated; nobody else is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.records import Finding, Token
from phaseplan.ledger.write import commit_ledger
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.integrate import Integrated, WaveRed, integrate
from tests.git.lab import PHASE, Lab, LocalBench, commit_files, plan_of

HEAD = refs.integration(PHASE)
RED = Finding(gate="commands", message="red")
NOT_BOTH = "! { test -f p1 && test -f p2; }"  # fine alone, red together
NOTHING_BAD = "! ls bad* 2>/dev/null"


# ----- the search itself -----


# ----- waves -----


class Counting(LocalBench):
    """Counts gate runs by commit, and may interfere: `happens(n)` comes before run n, and may name a finding."""

    def __init__(self, happens: Callable[[int], Finding | None] = lambda n: None) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.happens = happens

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        self.runs.append(commit)
        if (finding := self.happens(len(self.runs))) is not None:
            return (finding,)
        return super().run(repo, commit, commands, title=title)


def wave(lab: Lab, ids: str, *bad: str, needs: dict[str, list[str]] | None = None, check: str = NOTHING_BAD) -> Token:
    """A wave whose branches each add a file of their own; the bad ones a file the gate does not like."""
    token = lab.open(plan_of({i: (needs or {}).get(i, []) for i in ids}, validate=[[check]]))
    for i in ids:
        lab.build(token, i, {f"p{i}": f"{i}\n", **({f"bad{i}": "x\n"} if i in bad else {})})
    return token


def test_branches_fine_alone_and_red_together(lab: Lab) -> None:
    token = wave(lab, "123", check=NOT_BOTH)
    lab.bench = bench = Counting()
    done = lab.integrate(token, 1)
    assert (done.merged, list(done.isolated)) == (("1", "3"), ["2"])
    record = lab.read().folded().branches["2"]
    assert (record.state, record.cause) == ("isolated", "wave_gate")
    assert NOT_BOTH in record.reason and (record.commit or "?")[:12] in record.reason and "\n" not in record.reason
    assert record.verdict and [f.gate for f in record.verdict.findings] == ["commands", "wave"]
    green, told = bench.gated[-1][0], record.verdict.findings[-1].message
    seen = re.fullmatch(r"the wave's gates are green on (\w+) without 2 \(merged: 1\) and red on (\w+) with it", told)
    assert seen and [sum(c.startswith(seen[n]) for c in bench.runs) for n in (1, 2)] == [1, 2], "green once, red twice"
    assert green == lab.refs()[HEAD] == done.head, "the published commit is the one that was gated"
    assert "refs/heads/feature/b2" not in lab.refs() and refs.attempt(PHASE, "2", 1) in lab.refs()
    lines = lab.read().status_lines
    assert any("ISOLATED 2 Branch 2 (the wave gate is red" in line for line in lines)
    assert any("Integration: COMPLETED 1, 3 merged" in line for line in lines)
    assert lab.read().folded().waves[1].gate_runs == len(bench.runs)
    assert lab.show(done.head, "p3") == "3\n"


def test_two_culprits_of_six_leave_the_merge_of_the_others(lab: Lab, tmp_path: Path) -> None:
    token = wave(lab, "123456", "2", "5")
    done = lab.integrate(token, 1)
    assert (done.merged, list(done.isolated)) == (("1", "3", "4", "6"), ["2", "5"])
    before, runs = lab.refs(), len(lab.bench.gated)
    again = lab.integrate(token, 1)
    assert again.head == done.head and lab.refs() == before and len(lab.bench.gated) == runs, "I7 (idempotence)"
    calm = Lab(_folder(tmp_path, "calm"))
    token = calm.open(plan_of({i: [] for i in "1346"}, validate=[[NOTHING_BAD]]))
    for i in "1346":
        calm.build(token, i, {f"p{i}": f"{i}\n"})
    assert calm.integrate(token, 1).head == done.head, "I5 (bystanders)"


def test_the_same_branches_leave_whatever_the_arrival_order(tmp_path: Path) -> None:
    ends = []
    for order in ("1234", "4321", "2413"):
        lab = Lab(_folder(tmp_path, order))
        token = lab.open(plan_of({i: [] for i in "1234"}, validate=[[NOT_BOTH, NOTHING_BAD]]))
        for i in order:
            lab.build(token, i, {f"p{i}": f"{i}\n", **({"bad3": "x\n"} if i == "3" else {})})
        done = lab.integrate(token, 1)
        ends.append((done.head, done.merged, done.isolated))
    assert ends[0] == ends[1] == ends[2], "I6 (order-free)"
    assert ends[0][1] == ("1", "4")


def test_what_needs_a_culprit_waits_and_is_told_once(lab: Lab) -> None:
    token = wave(lab, "1234", "1", needs={"2": ["1"], "3": ["2"]})
    done = lab.integrate(token, 1)
    assert (done.merged, done.waiting) == (("4",), {"2": "1", "3": "1"})
    assert [lab.state(i) for i in "1234"] == ["isolated", "passed", "passed", "integrated"]
    snapshot = lab.read()
    assert snapshot.ledger and snapshot.ledger.told == dict(zip("23", snapshot.blockers, strict=True))
    assert all(
        f"BLOCKED: Agent {i} - Need Branch 1 from 1, isolated: the wave gate" in snapshot.ledger.told[i] for i in "23"
    )
    assert done.blockers == snapshot.blockers and done.waiting["3"] == "1"
    assert [line.split(": ")[1].split(" ")[:2] for line in done.status_lines if "BLOCKED" in line] == [
        ["BLOCKED", "2"],
        ["BLOCKED", "3"],
    ]
    before = lab.refs()
    assert lab.integrate(token, 1).waiting == {"2": "1", "3": "2"} and lab.refs() == before, "told twice is told once"
    lab.build(token, "1", {"p1": "mended\n"}, claim="run-1/1")
    lab.build(token, "2", {"p2": "2\n"}, claim="run-1/1")
    lab.build(token, "3", {"p3": "3\n"}, claim="run-1/1")
    assert lab.integrate(token, 1).merged == ("1", "2", "3")
    assert lab.read().folded().told == {} and lab.read().blockers == snapshot.blockers


def test_who_waits_for_a_branch_that_failed_by_itself_is_told(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": ["1"], "3": ["2"]}, {"4": ["3"]})
    token = lab.open(plan)
    lab.build(token, "1", {"f": "x\n"}, outcome="failed", reason="budget: 900 lines")
    done = lab.integrate(token, 1)
    line = "Need Branch 1 from 1, isolated: budget: 900 lines"
    assert done.blockers == (f"BLOCKED: Agent 2 - {line}", f"BLOCKED: Agent 3 - {line}")
    assert lab.integrate(token, 2).blockers == (f"BLOCKED: Agent 4 - {line}",)
    token = lab.open(plan, "run-2")
    assert lab.read().folded().told == {}
    assert len(lab.integrate(token, 1).blockers) == 2, "once a run"


def test_a_red_base_isolates_nobody(lab: Lab) -> None:
    token = wave(lab, "12", check="test ! -f README")
    lab.bench = bench = Counting()
    with pytest.raises(
        WaveRed, match=r"the base itself .* no branch is at fault: .*test ! -f README.*Clear open_phase"
    ) as red:
        lab.integrate(token, 1)
    assert red.value.fault == "base" and bench.runs.count(lab.main) == 2 and len(bench.runs) == 4
    assert lab.state("1") == lab.state("2") == "passed" and HEAD not in lab.refs()
    assert lab.read().folded().waves[1].state == "red"


def test_a_base_that_moved_stays_in_every_prefix(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []}, validate=[[NOTHING_BAD]])
    token = lab.open(plan)
    lab.build(token, "1", {"p1": "1\n"})
    lab.integrate(token, 1)
    lab.push("refs/heads/main", commit_files(lab.repo, lab.main, {"more": "m\n"}, "more"))
    token = lab.open(plan, "run-2")
    lab.build(token, "2", {"bad2": "x\n"})
    done = lab.integrate(token, 1)
    assert list(done.isolated) == ["2"] and done.head and lab.show(done.head, "more") == "m\n"
    lab.push("refs/heads/main", commit_files(lab.repo, lab.refs()["refs/heads/main"], {"bad": "m\n"}, "worse"))
    token = lab.open(plan, "run-3")
    with pytest.raises(WaveRed, match="the base itself") as red:
        lab.integrate(token, 1)
    assert red.value.fault == "base" and lab.refs()[HEAD] == done.head


def test_a_red_that_does_not_repeat_is_flaky_and_published(lab: Lab) -> None:
    token = wave(lab, "12")
    lab.bench = bench = Counting(lambda n: RED if n == 1 else None)
    done = lab.integrate(token, 1)
    assert done.merged == ("1", "2") and bench.runs == [done.head, done.head]
    record = lab.read().folded().waves[1]
    assert record.flaky == (RED,) and record.gate_runs == 2 and record.state == "integrated"
    assert any("Integration: FLAKY" in line for line in lab.read().status_lines)
    before = lab.refs()
    assert lab.integrate(token, 1).merged == () and lab.refs() == before, "I7 (idempotence)"


def test_a_flaky_red_during_the_search_isolates_nobody_else(tmp_path: Path) -> None:
    for flaky in (3, 5, 6):  # the third is the bare base
        lab = Lab(_folder(tmp_path, str(flaky)))
        token = wave(lab, "12345", "4")
        lab.bench = Counting(lambda n, flaky=flaky: RED if n == flaky else None)
        done = lab.integrate(token, 1)
        assert (done.merged, list(done.isolated)) == (("1", "2", "3", "5"), ["4"]), f"run {flaky} was flaky"


def test_infrastructure_in_any_probe_isolates_nobody_and_moves_no_ref(lab: Lab) -> None:
    def gone(n: int, at: int) -> None:
        if n == at:
            raise Infrastructure("the engine is gone")

    token = wave(lab, "1234", "1", "3")
    before = lab.refs()
    for at in itertools.count(1):
        lab.bench = bench = Counting(lambda n, at=at: gone(n, at))
        try:
            done = lab.integrate(token, 1)
        except Infrastructure:
            assert lab.refs() == before and {lab.state(i) for i in "1234"} == {"passed"}, "I11 (infrastructure)"
            continue
        assert done.merged == ("2", "4") and len(bench.runs) == at - 1 >= 7
        return


def test_when_the_gate_runs_are_used_up_nobody_is_isolated(lab: Lab) -> None:
    token = wave(lab, "1234", "1", "3")
    for limit in itertools.count(1):
        lab.bench = bench = Counting()
        try:
            done = bounded(lab, token, limit)
        except WaveRed as red:
            assert red.fault == "search" and len(bench.runs) == limit and HEAD not in lab.refs()
            assert f"{limit} gate runs" in str(red) and "Still suspected: " in str(red) and "`gate_runs`" in str(red)
            assert {lab.state(i) for i in "1234"} == {"passed"}
            continue
        assert done.merged == ("2", "4") and limit == len(bench.runs)
        return


@pytest.mark.parametrize(("lost", "flaky"), [(1, 0), (9, 5)])
def test_a_lost_race_gates_nothing_again(tmp_path: Path, lost: int, flaky: int) -> None:
    ends = []
    for name in ("calm", "raced"):
        lab = Lab(_folder(tmp_path, name))
        token, other = wave(lab, "1234", "2", "4"), lab.another_worker(tmp_path / f"{name}.git")
        lab.bench = bench = Counting(lambda n, o=other, r=name: raced(o, n == lost and r == "raced", n == flaky))
        done = lab.integrate(token, 1)
        assert done.head == lab.refs()[HEAD] and bool(lab.read().folded().waves[1].flaky) == bool(flaky)
        ends.append((bench.runs, done.merged, done.isolated))
    assert len(ends[0][0]) >= lost and ends[0] == ends[1]


def raced(other: Lab, now: bool, flaky: bool) -> Finding | None:
    """Somebody folds the results into the ledger, which changes nothing for the wave and loses it the race."""
    if now:
        snapshot = other.read()
        assert commit_ledger(other.repo, other.remote, snapshot, snapshot.folded())
    return RED if flaky else None


def test_an_earlier_attempt_that_is_integrated_stays(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": ["1"]}, validate=[[NOTHING_BAD]])
    token = lab.open(plan)
    lab.build(token, "1", {"p1": "1\n"})
    head = lab.integrate(token, 1).head
    token = lab.open(plan, "run-2", rebuild="always")
    lab.build(token, "1", {"bad1": "x\n"})
    done = lab.integrate(token, 1)
    record = lab.read().folded().branches["1"]
    assert list(done.isolated) == ["1"] and done.head == head
    assert (record.state, record.attempt, record.rejected) == ("integrated", 1, 2)
    assert record.reason.startswith("attempt 2 the wave gate is red") and "attempt 1 stays integrated" in record.reason
    before = lab.refs()
    assert lab.integrate(token, 1).isolated == {} and lab.refs() == before


def test_whoever_was_in_conflict_with_a_culprit_only_goes_in(lab: Lab) -> None:
    token = lab.open(plan_of({i: [] for i in "123"}, validate=[[NOTHING_BAD]]))
    lab.build(token, "1", {"bad1": "x\n", "f": "one\n"})
    lab.build(token, "2", {"f": "two\n"})
    lab.build(token, "3", {"f": "three\n"})
    done = lab.integrate(token, 1)
    assert done.merged == ("2",) and list(done.isolated) == ["1", "3"]
    causes = {b: r.cause for b, r in lab.read().folded().branches.items()}
    assert causes == {"1": "wave_gate", "2": None, "3": "conflict"}


def test_a_generator_that_fails_is_a_red_merge(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"src/0": "0\n", "gen/all": "0\n"})
    generated = [{"paths": ["/gen/**"], "command": "! grep -q no src/* && cat src/* > gen/all"}]
    token = lab.open(plan_of({i: [] for i in "123"}, generated_files=generated))
    for i, text in (("1", "1\n"), ("2", "no\n"), ("3", "3\n")):
        lab.build(token, i, {f"src/{i}": text, "gen/all": f"0\n{text}"})
    done = lab.integrate(token, 1)
    assert (done.merged, list(done.isolated)) == (("1", "3"), ["2"])
    assert done.head and lab.show(done.head, "gen/all") == "0\n1\n3\n", "I8: made again without the culprit"


def bounded(lab: Lab, token: Token, limit: int) -> Integrated:
    return integrate(lab.remote, lab.repo, token, 1, lab.bench, phase=PHASE, gate_runs=limit)


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
