"""The history of runs: lines in real ledgers, one for each run, that say what was done about each branch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phaseplan.ledger.records import BranchRecord, Deed, Due, Finding, Night, State, Token, changed
from phaseplan.ledger.run_history import FILE, abandoned, as_line, night
from phaseplan.ledger.run_note import LONGEST, note, with_link, with_note
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import Change, commit_ledger, read, update
from tests.git.lab import PHASE, Lab, plan_of

IDS = [f"5.1.{n}" for n in range(1, 11)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def owe(lab: Lab, dues: dict[str, Due]) -> None:
    """What opening a run will decide, written by hand."""

    def change(snapshot: Snapshot) -> Change:
        ledger = snapshot.folded()
        assert ledger.run
        return Change(changed(ledger, run=changed(ledger.run, due=dues)))

    update(lab.repo, lab.remote, PHASE, change)


def take_out(lab: Lab, *ids: str) -> None:
    """As if what is integrated of these had been reverted."""

    def change(snapshot: Snapshot) -> Change:
        ledger = snapshot.folded()
        out = {b: changed(ledger.branches[b], state=State.PENDING, cause="outdated", reason="x") for b in ids}
        return Change(changed(ledger, branches={**ledger.branches, **out}))

    update(lab.repo, lab.remote, PHASE, change)


def nights(lab: Lab) -> tuple[Night, ...]:
    return read(lab.repo, lab.remote, PHASE, nights=True).nights


def lines(lab: Lab) -> list[str]:
    tip = lab.read().opened.commit
    return lab.repo.run("show", f"{tip}:{FILE}").out.splitlines()


def whats(made: Night) -> dict[str, str]:
    return {b: deed.what for b, deed in made.deeds.items()}


def first_night(lab: Lab, ids: list[str] = IDS) -> Token:
    token = lab.open(plan_of(dict.fromkeys(ids, ())))
    for branch_id in ids:
        lab.build(token, branch_id, {f"{branch_id}.txt": "made\n"})
    lab.integrate(token, 1)
    assert lab.close(token).complete
    return token


def test_a_first_night_builds_and_a_second_one_reuses(lab: Lab) -> None:
    first_night(lab)
    token = lab.open(plan_of(dict.fromkeys(IDS, ())), run="run-2")
    owe(lab, {b: Due(kind="reuse", why="nothing it depends on has changed") for b in IDS})
    lab.integrate(token, 1)
    said = lab.close(token)
    built, reused = nights(lab)
    assert (built.run, reused.run) == ("run-1", "run-2")
    assert whats(built) == dict.fromkeys(IDS, "built") and whats(reused) == dict.fromkeys(IDS, "reused")
    assert reused.complete and reused.seconds is not None and reused.base_name == "main"
    assert all(lab.main.startswith(n.base) and n.base for n in (built, reused))
    assert built.deeds["5.1.1"].commit == reused.deeds["5.1.1"].commit != ""
    assert said.note == "Phaseplan: complete, 10 of 10 branches integrated: reused 10"
    assert len(lines(lab)[1]) < 1600, "a quiet night of ten branches is small"


def test_gated_again_rebuilt_isolated_and_blocked(lab: Lab) -> None:
    ids: dict[str, tuple[str, ...]] = {"5.1.1": (), "5.1.2": (), "5.1.3": (), "5.1.4": ("5.1.3",)}
    token = lab.open(plan_of(ids))
    for branch_id in ids:
        lab.build(token, branch_id, {f"{branch_id}.txt": "made\n"})
    lab.integrate(token, 1)
    lab.close(token)
    token = lab.open(plan_of(ids), run="run-2")
    take_out(lab, "5.1.2", "5.1.3", "5.1.4")
    changed_ = Due(kind="build", why="image changed")
    owe(lab, {"5.1.1": Due(kind="gate", why="base moved"), **dict.fromkeys(("5.1.2", "5.1.3", "5.1.4"), changed_)})
    lab.build(token, "5.1.2", {"anew.txt": "made anew\n"})
    finding = "says \x1b[31mno\n" + "x" * 500
    lab.build(token, "5.1.3", {"5.1.3.txt": "bad\n"}, outcome="failed", reason=finding)
    lab.integrate(token, 1)
    said = lab.close(token)
    made = nights(lab)[-1]
    assert whats(made) == {"5.1.1": "gated", "5.1.2": "rebuilt", "5.1.3": "isolated", "5.1.4": "blocked"}
    assert made.deeds["5.1.3"].cause == "failed", "this night's own verdict, not what took it out"
    assert made.deeds["5.1.2"].why == "image changed" and made.deeds["5.1.2"].attempt == 2
    assert made.deeds["5.1.1"].why == "base moved" and made.deeds["5.1.1"].attempt == 1
    why = made.deeds["5.1.3"].why
    assert len(why) == 160 and "\x1b" not in why and "\n" not in why, "an agent's words stay one short line"
    assert not made.complete
    assert said.note.splitlines()[:3] == [
        "Phaseplan: not complete, 2 of 4 branches integrated: gated again 1, rebuilt 1, isolated 1, blocked 1",
        "- gated again: 5.1.1 (base moved)",
        "- rebuilt: 5.1.2 (image changed)",
    ]


def test_who_waits_for_one_that_is_out_is_blocked_and_who_is_not_selected_untouched(lab: Lab) -> None:
    plan = plan_of({"5.1.1": (), "5.1.2": ("5.1.1",), "5.1.3": ()})
    token = lab.open(plan, branches=["5.1.1", "5.1.2"])
    lab.build(token, "5.1.1", {"a": "x\n"}, outcome="failed", reason="no")
    lab.integrate(token, 1)
    lab.close(token)
    (made,) = nights(lab)
    assert whats(made) == {"5.1.1": "isolated", "5.1.2": "blocked", "5.1.3": "untouched"}
    assert made.deeds["5.1.2"].why == "needs 5.1.1, which is isolated" and made.deeds["5.1.1"].cause == "failed"


def test_closing_twice_appends_once_and_a_clear_extends(lab: Lab) -> None:
    plan = plan_of({"5.1.1": (), "5.1.2": ()})
    token = lab.open(plan)
    lab.build(token, "5.1.1", {"a": "x\n"})
    lab.build(token, "5.1.2", {"b": "x\n"}, outcome="failed", reason="no")
    lab.integrate(token, 1)
    assert not lab.close(token).ok
    before = lab.read().opened.commit
    assert not lab.close(token).ok
    assert lab.read().opened.commit == before and len(lines(lab)) == 1
    lab.build(token, "5.1.2", {"b": "y\n"}, claim="run-1/1")
    lab.integrate(token, 1)
    assert lab.close(token).complete
    assert len(lines(lab)) == 2, "what was written stays"
    (made,) = nights(lab)
    assert whats(made) == {"5.1.1": "built", "5.1.2": "built"} and made.complete


def test_a_run_opened_again_still_says_what_it_built(lab: Lab) -> None:
    first_night(lab, IDS[:2])
    (before,) = nights(lab)
    token = lab.open(plan_of(dict.fromkeys(IDS[:2], ())))
    owe(lab, {b: Due(kind="reuse") for b in IDS[:2]})
    lab.integrate(token, 1)
    lab.close(token)
    (made,) = nights(lab)
    assert whats(made) == dict.fromkeys(IDS[:2], "built") and made.opened == before.opened
    assert made.epoch == 2 and len(lines(lab)) == 2


def test_the_history_is_carried_along_and_read_only_when_asked_for(lab: Lab) -> None:
    first_night(lab, IDS[:1])
    old = lines(lab)
    token = lab.open(plan_of(dict.fromkeys(IDS[:2], ())), run="run-2")
    lab.build(token, "5.1.2", {"b": "x\n"})
    lab.integrate(token, 1)
    assert lines(lab) == old and lab.read().nights == ()


def test_a_run_that_never_closed_is_told_by_the_next(lab: Lab) -> None:
    token = lab.open(plan_of(dict.fromkeys(IDS[:2], ())))
    lab.build(token, "5.1.1", {"a": "x\n"})
    snapshot = lab.read()
    made = abandoned(snapshot, "run-2")
    assert made is not None and made.closed is None and made.seconds is None and not made.complete
    assert whats(made) == {"5.1.1": "waiting", "5.1.2": "waiting"}
    assert commit_ledger(lab.repo, lab.remote, snapshot, snapshot.folded(), night=made)
    assert nights(lab) == (made,)
    assert abandoned(snapshot, token.run) is None, "the run itself, opened again, goes on"
    lab.close(token)
    assert abandoned(lab.read(), "run-2") is None
    assert abandoned(Snapshot(phase=PHASE), "run-1") is None


def test_what_a_wave_gate_said_before_it_was_green(lab: Lab) -> None:
    token = first_night(lab, IDS[:1])
    snapshot = lab.read()
    assert snapshot.ledger
    wave = changed(snapshot.ledger.waves[1], flaky=(Finding(gate="wave", message="a race\nof two"),))
    book = changed(snapshot.ledger, waves={1: wave})
    assert commit_ledger(lab.repo, lab.remote, snapshot, book)
    lab.close(token)
    assert nights(lab)[-1].flaky == ("wave 1: wave: a race of two",)


def test_an_attempt_that_does_not_replace_what_is_in(lab: Lab) -> None:
    token = first_night(lab, IDS[:2])
    token = lab.open(plan_of(dict.fromkeys(IDS[:2], ())), run="run-2", rebuild="always")
    lab.build(token, "5.1.1", {"5.1.1.txt": "bad\n"}, outcome="failed", reason="worse")
    made = night(lab.read())
    assert made.deeds["5.1.1"].what == "isolated" and "stays integrated" in made.deeds["5.1.1"].why
    assert made.rebuild == "always" and made.deeds["5.1.2"].what == "reused"


def test_a_line_of_another_version_costs_only_itself(lab: Lab) -> None:
    first_night(lab, IDS[:1])
    snapshot = lab.read()
    made = night(snapshot)
    assert commit_ledger(lab.repo, lab.remote, snapshot, snapshot.folded(), night=changed(made, run="x", version=9))
    assert [n.run for n in nights(lab)] == ["run-1"]


def test_lines_hold_no_newline_whatever_an_agent_says() -> None:
    record = BranchRecord(state=State.ISOLATED, attempt=1)
    assert record.reason == ""
    made = Night(run="r\n", epoch=1, opened="o", base="b", base_name="m\u2028", plan="p", start="wave")
    line = as_line(made).decode()
    assert line.count("\n") == 1 and json.loads(line)["version"] == 1


def test_a_note_keeps_what_a_person_wrote_and_fits_its_column() -> None:
    deeds = {f"5.{n}": Deed(what="isolated", why="w" * 160) for n in range(60)}
    long = note(Night(run="r", epoch=1, opened="o", base="b", base_name="m", plan="p", start="wave", deeds=deeds))
    assert len(long) == LONGEST and long.endswith("…") and "isolated 60" in long
    first, second = "Phaseplan: one", "Phaseplan: two"
    assert with_link(first, "") == first and with_link("a\n- b", "/x") == "a\n- [the phase on the board](/x)\n- b"
    assert len(with_link("a" * 999 + "\n- b", "/x")) == LONGEST
    assert with_note("", first) == first and with_note(first, second) == second
    mine = with_note("look at 5.2", first)
    assert mine == "look at 5.2\n\nPhaseplan: one"
    assert with_note(mine, second) == "look at 5.2\n\nPhaseplan: two"
    assert len(with_note("x" * 900, long)) == LONGEST


def test_a_note_makes_no_picture_and_no_link_of_what_an_agent_wrote() -> None:
    deeds = {"5.1": Deed(what="isolated", why="![x](https://example.org/p.png) <img src=x> `b`")}
    said = note(Night(run="r", epoch=1, opened="o", base="b", base_name="m", plan="p", start="wave", deeds=deeds))
    assert said.splitlines()[1] == "- isolated: 5.1 (!\\[x](https://example.org/p.png) \\<img src=x> \\`b\\`)"
