"""What a night owes the branches of the nights before: exact sets, on real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.ledger.records import State
from phaseplan.ledger.run_history import nights_of
from phaseplan.merging.reconcile import derived
from phaseplan.phase.close import complete
from phaseplan.phase.renew import NightRed
from phaseplan.plan.agents import AgentProfile
from phaseplan.report.standing import Standing, judge
from tests.git.lab import Lab, commit_files
from tests.git.nights import Nights, plan_of, refused

ALL = ["1", "2", "3", "4", "5"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """A phase of five branches whose first night is over: 3 and 4 hang on 1, 5 on 2."""
    found = Nights(Lab(tmp_path_factory.mktemp("first")))
    found.night(plan_of())
    assert found.built == ALL and found.due() == {}
    assert complete(found.lab.read(), plan_of())
    return found


@pytest.fixture
def nights(first: Nights, tmp_path: Path) -> Nights:
    """The same, to go on with."""
    return Nights(first.lab.copied(tmp_path), count=first.count)


def sound(nights: Nights) -> None:
    """Whole, complete, and the refs are what the ledger says."""
    snapshot = nights.lab.read()
    assert all(r.state is State.INTEGRATED for r in snapshot.folded().branches.values())
    assert derived(snapshot) == [] and snapshot.ledger and snapshot.ledger.run and snapshot.ledger.run.complete
    assert {f"own/{b}/file" for b in ALL} <= nights.files().keys()


def test_nothing_changed(nights: Nights) -> None:
    before, gated = nights.ledger(), len(nights.lab.bench.gated)
    nights.night(plan_of())
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "reuse")
    assert nights.ledger().integration == before.integration and nights.ledger().branches == before.branches
    assert len(nights.lab.bench.gated) == gated, "no gate ran"
    assert nights.said == []
    sound(nights)


def test_a_base_that_moved_elsewhere_is_merged_and_gated_once(nights: Nights) -> None:
    old, gated = nights.ledger().integration, len(nights.lab.bench.gated)
    main = nights.push_main({"docs/news": "new\n"})
    nights.night(plan_of())
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "gate")
    assert nights.why("3") == f"main moved to {main[:12]}"
    head = nights.ledger().integration
    assert head and old and nights.lab.repo.is_ancestor(old, head) and nights.lab.repo.is_ancestor(main, head)
    assert nights.files()["docs/news"] == "new\n"
    assert [commit for commit, _ in nights.lab.bench.gated[gated:]] == [head], "the exact commit, once"
    assert {r.gating for r in nights.ledger().branches.values()} == {2}
    assert any("GATED 3 Branch 3 (main moved to" in line for line in nights.lab.read().status_lines)
    sound(nights)
    nights.night(plan_of())
    assert nights.due() == dict.fromkeys(ALL, "reuse"), "and the night after that there is nothing to do"


def test_a_file_of_one_branch_changed_on_the_base(nights: Nights) -> None:
    nights.push_main({"own/1/hint": "look here\n"})
    nights.night(plan_of())
    assert nights.built == ["1", "3", "4"]
    told = nights_of(nights.lab.repo, nights.lab.read().opened.commit)[-1]
    assert {b: deed.what for b, deed in told.deeds.items()} == {
        "1": "rebuilt", "2": "gated", "3": "rebuilt", "4": "rebuilt", "5": "gated"
    }  # fmt: skip
    assert nights.due() == {"1": "build", "2": "gate", "3": "build", "4": "build", "5": "gate"}
    assert nights.why("1") == "main changed own/1/hint, which it works on"
    assert nights.why("4") == "it needs 1, which is built anew"
    assert nights.files()["own/1/hint"] == "look here\n"
    assert {b: r.attempt for b, r in nights.ledger().branches.items()} == {"1": 2, "2": 1, "3": 2, "4": 2, "5": 1}
    names = {r.removeprefix("refs/heads/feature/") for r in nights.lab.refs() if r.startswith("refs/heads/feature/")}
    assert names == {"b1-v2", "b2", "b3-v2", "b4-v2", "b5"}
    sound(nights)


def test_one_gate_changed(nights: Nights) -> None:
    gated = len(nights.lab.bench.gated)
    nights.night(plan_of(gates={"commands": ["test -e README"]}))
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "gate")
    assert nights.why("2") == "its gates changed"
    head = nights.ledger().integration
    assert nights.lab.bench.gated[gated:] == [(head, ("test -e README", "test ! -e poison"))]
    sound(nights)
    nights.night(plan_of(gates={"commands": ["test -e README"]}))
    assert nights.due() == dict.fromkeys(ALL, "reuse")


def test_a_wave_s_validation_changed(nights: Nights) -> None:
    nights.night(plan_of(validate=("test -d own",)))
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "gate")


@pytest.mark.parametrize(
    ("change", "why"),
    [("brief", "its entry in the plan changed"), ("image", "its agent's image changed"),
     ("agent", "its agent's profile changed"), ("always", "the run asks for new work")],
)  # fmt: skip
def test_what_the_agent_worked_from_changed(nights: Nights, change: str, why: str) -> None:
    plan = plan_of(briefs={"2": "Be kind."}) if change == "brief" else plan_of()
    if change == "image":
        nights.images["sh:1"] = "another"
    if change == "agent":
        nights.profiles["sh"] = AgentProfile(image="sh:1", command=("other",))
    nights.night(plan, rebuild="always" if change == "always" else "auto")
    assert nights.built == (["2", "5"] if change == "brief" else ALL)
    assert nights.why("2") == why
    sound(nights)


def test_a_gate_gone_red_because_of_a_branch(nights: Nights) -> None:
    """The base forbids something that only branch 3 does: 3 is built anew with what it needs to know, 4 with it."""
    nights.push_main({"check": "test ! -e own/3/bad\n"})
    nights.work["3"] = {"own/3/file": "3\n", "own/3/bad": "x\n"}
    plan = plan_of(validate=("test ! -e check || sh check",))
    nights.lab.push("refs/heads/main", nights.lab.main)  # not yet
    nights.night(plan, rebuild="always")
    nights.push_main({"check": "test ! -e own/3/bad\n"})
    nights.work["3"] = {"own/3/file": "3\n"}
    token = nights.begin(plan)
    assert nights.due() == {"1": "gate", "2": "gate", "3": "build", "4": "build", "5": "gate"}
    record = nights.ledger().branches["3"]
    assert (record.state, record.cause) == (State.PENDING, "wave_gate") and record.verdict
    assert any("sh check" in finding.message for finding in record.verdict.findings)
    assert not nights.lab.read().verdicts["3"][-1].findings, "what was decided once stays as it was"
    assert nights.lab.read().state("4") is State.PENDING
    nights.go_on(plan, token)
    assert nights.built == ["3", "4"]
    sound(nights)


def test_a_base_that_is_red_itself_changes_nothing(nights: Nights) -> None:
    before = nights.lab.refs()
    nights.push_main({"poison": "x\n"})
    red = refused(nights, plan_of())
    wait = judge(nights.lab.read(), plan_of())
    assert wait.standing is Standing.FAILED and "could not begin" in wait.reason, "nobody waits for it in silence"
    assert isinstance(red, NightRed) and "the base itself" in str(red) and "Clear open_phase" in str(red)
    after = nights.lab.refs()
    changed = {ref for ref in after if after[ref] != before.get(ref)}
    assert changed == {"refs/heads/main", "refs/phaseplan/phase-5/ledger"}
    run = nights.ledger().run
    assert run and run.closed and not run.complete and "the base itself" in run.fault
    told = nights_of(nights.lab.repo, nights.lab.read().opened.commit)[-1]
    assert "the base itself" in told.fault and {deed.what for deed in told.deeds.values()} == {"untouched"}
    nights.push_main({"poison": None})
    nights.night(plan_of())
    assert nights.built == []
    sound(nights)


@pytest.mark.parametrize("declared", [True, False])
def test_a_base_in_conflict_with_a_branch(lab: Lab, declared: bool) -> None:
    """Branch 2 appends to a file; so does the base: they do not merge, so 2 is built anew on top."""
    plan = plan_of(shared_files=[{"path": "list", "owner": "2"}] if declared else [])
    nights = Nights(lab, work={"2": {"list": lambda text: f"{text}2\n", "own/2/file": "2\n"}})
    nights.push_main({"list": "0\n"})
    nights.night(plan)
    nights.push_main({"list": "0\nmain\n"})
    nights.night(plan)
    assert nights.built == ["2", "5"] and nights.files()["list"] == "0\nmain\n2\n"
    assert ("which it works on" if declared else "the two do not merge: list") in nights.why("2")
    sound(nights)


def test_work_that_landed_on_the_base_stays(nights: Nights) -> None:
    """Integration was merged into main: that is no reason to build anything again."""
    head = nights.ledger().integration
    nights.lab.push("refs/heads/main", head)
    nights.push_main({"docs/more": "x\n"})
    nights.images["sh:1"] = "another"
    nights.night(plan_of())
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "gate")
    sound(nights)
    nights.night(plan_of(), rebuild="always")
    assert nights.built == [] and nights.why("1") == "its work is part of main"


def test_work_that_landed_as_a_copy_stays(nights: Nights) -> None:
    """A squash: the same files, another history."""
    copy = commit_files(nights.lab.repo, nights.main(), nights.files(), "squashed")
    nights.lab.push("refs/heads/main", copy)
    nights.night(plan_of())
    assert nights.built == [] and nights.due() == dict.fromkeys(ALL, "gate")
    sound(nights)


def test_a_selection_takes_nobody_else_out(nights: Nights) -> None:
    nights.night(plan_of(), rebuild="always", branches=("1",))
    assert nights.built == [] and "3 needs it as it is and is not selected" in nights.why("1")
    nights.night(plan_of(), rebuild="always", branches=("1", "3", "4"))
    assert nights.built == ["1", "3", "4"]


def test_a_branch_that_left_the_plan_leaves_integration(nights: Nights) -> None:
    waves = ({"1": (), "2": ()}, {"3": ("1",), "4": ("3",)})
    nights.night(plan_of(waves=waves))
    assert nights.built == [] and "own/5/file" not in nights.files()
    assert complete(nights.lab.read(), plan_of(waves=waves))


def test_a_new_branch_in_the_plan_is_all_that_is_built(nights: Nights) -> None:
    waves = ({"1": (), "2": ()}, {"3": ("1",), "4": ("3",), "5": ("2",), "6": ()})
    nights.night(plan_of(waves=waves))
    assert nights.built == ["6"] and nights.due() == dict.fromkeys(ALL, "reuse")


def test_beginning_twice_is_beginning_once(nights: Nights) -> None:
    nights.push_main({"own/1/hint": "look here\n"})
    token = nights.begin(plan_of())
    held, ledger = nights.lab.refs(), nights.ledger()
    nights.renew(token)
    assert nights.lab.refs() == held and nights.ledger() == ledger


def test_later_work_by_hand_keeps_a_branch_in(nights: Nights) -> None:
    """Somebody changed the branch's lines on integration: it cannot be reverted, so it stays and it is said why."""
    head = nights.ledger().integration
    by_hand = commit_files(nights.lab.repo, head, {"own/2/file": "2 mended by hand\n"}, "by hand")
    nights.lab.push("refs/heads/integration/phase-5", by_hand)
    nights.images["sh:1"] = "another"
    nights.night(plan_of(briefs={"1": "anew"}))
    assert nights.built == ["1", "3", "4"]
    assert "cannot be taken out" in nights.why("2") and nights.files()["own/2/file"] == "2 mended by hand\n"
    assert nights.lab.read().state("5") is State.INTEGRATED
