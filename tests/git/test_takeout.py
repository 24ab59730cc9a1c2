"""Taking an integrated branch out, and its return: the refs and the ledger as a lead sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.errors import InputFault
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import State
from phaseplan.merging.reconcile import reconcile
from phaseplan.merging.revert import open_reverts
from phaseplan.phase.close import complete
from tests.git.lab import PHASE, Lab, commit_files, plan_of
from tests.git.leaving import HEAD, PLAN, RUN, gated_again, inside, on_top, out, own, sound


def test_a_branch_nobody_needs_leaves_alone(whole: Lab) -> None:
    lab = whole
    before = lab.refs()
    done = out(lab, "2")
    assert done.taken == ("2",) and inside(lab) == {"1", "3", "4"} and lab.refs()[HEAD] == done.head
    record = lab.read().folded().branches["2"]
    assert (record.state, record.cause, record.reason) == (State.ISOLATED, "taken_out", "taken out: it leaks")
    assert record.revert == done.head and record.merge and lab.repo.is_ancestor(record.merge, done.head)
    held = lab.refs()
    assert "refs/heads/feature/b2" not in held and held[refs.attempt(PHASE, "2", 1)]
    assert before.keys() - held.keys() == {"refs/heads/feature/b2"}
    assert not complete(lab.read(), PLAN), "what lost a branch is not complete any more"
    assert any("ISOLATED 2 Branch 2 (taken out: it leaks)" in line for line in lab.read().status_lines)
    again = out(lab, "2")
    assert (again.head, again.taken) == (done.head, ()) and lab.refs() == held, "I7 (idempotence)"
    sound(lab, PLAN, [done.head])


def test_what_needs_it_leaves_first(whole: Lab) -> None:
    lab = whole
    done = out(lab, "1")
    assert done.taken == ("4", "3", "1") and inside(lab) == {"2"}
    said = lab.repo.run("log", "--first-parent", "-3", "--format=%s", done.head).out.splitlines()
    assert said == ["Revert 1", "Revert 3", "Revert 4"]
    ledger, snapshot = lab.read().folded(), lab.read()
    for branch in "34":
        record = ledger.branches[branch]
        assert (record.state, record.cause) == (State.BLOCKED, "taken_out")
        assert record.reason == "taken out with 1, which it needs" and record.revert
        assert f"refs/heads/feature/b{branch}" not in lab.refs()
    assert "BLOCKED: Agent 4 - taken out with 1, which it needs" in snapshot.blockers
    assert [b for b in "1234" if snapshot.stopped(b)] == ["1", "3", "4"]
    assert snapshot.candidate("1") is snapshot.current("3") is None and snapshot.first_cause("4") == "1"
    sound(lab, PLAN, [done.head])
    assert out(lab, "3").taken == (), "it is out already"


def test_what_is_out_does_not_come_back_by_itself(whole: Lab) -> None:
    lab = whole
    head = out(lab, "1").head
    for run in ("run-2", "run-3"):
        token = lab.open(PLAN, run)
        assert lab.integrate(token, 1).merged == lab.integrate(token, 2).merged == ()
        closing = lab.close(token)
        assert not closing.ok and "1 Branch 1: isolated: taken out: it leaks" in closing.message
        assert lab.refs()[HEAD] == head and lab.read().stopped("1")


def test_the_repaired_branch_comes_back_with_all_its_files_and_then_what_needs_it(whole: Lab) -> None:
    lab = whole
    v1 = lab.read().verdicts["1"][-1]
    heads = [out(lab, "1").head]
    token = lab.open(PLAN, RUN)
    on_top(lab, "1", {"own/1/three": "1 three\n"}, v1.commit or "")
    assert lab.state("1") == "passed" and not lab.read().stopped("1") and lab.read().stopped("3")
    done = lab.integrate(token, 1)
    assert done.merged == ("1",) and inside(lab) == {"1", "2"}
    listed = lab.repo.run("ls-tree", "-r", "--name-only", done.head or "", "own/1/").out.split()
    assert listed == ["own/1/one", "own/1/three", "own/1/two"]
    sound(lab, PLAN, heads)
    gated_again(lab, "4")
    assert lab.integrate(token, 2).waiting == {"4": "3"}, "I3 (closed)"
    sound(lab, PLAN, heads)
    gated_again(lab, "3")
    assert lab.integrate(token, 2).merged == ("3", "4") and inside(lab) == {"1", "2", "3", "4"}
    sound(lab, PLAN, heads)
    assert open_reverts(lab.repo, heads[-1]) == {}
    held = lab.refs()
    assert {r for r in held if "feature" in r} == {f"refs/heads/feature/b{n}" for n in ("1-v2", "2", "3", "4")}
    assert lab.integrate(token, 2).head == heads[-1] and lab.refs() == held, "I7 (idempotence)"
    assert lab.close(token).complete


def test_a_fresh_attempt_comes_back_and_what_was_built_on_the_old_one_waits(whole: Lab) -> None:
    lab = whole
    heads = [out(lab, "1").head]
    token = lab.open(PLAN, RUN)
    on_top(lab, "1", {"own/1/new": "1 new\n"}, lab.main)
    gated_again(lab, "3")
    assert lab.integrate(token, 1).merged == ("1",)
    assert lab.integrate(token, 2).waiting == {"3": "1"}, "3 was judged on the 1 that is out"
    sound(lab, PLAN, heads)
    assert lab.build(token, "3", own("3"), claim="again").attempt == 2
    assert lab.build(token, "4", own("4"), claim="again").attempt == 2
    assert lab.integrate(token, 2).merged == ("3", "4")
    sound(lab, PLAN, heads)
    assert lab.repo.run("ls-tree", "-r", "--name-only", heads[-1], "own/1/").out.split() == ["own/1/new"]


def test_an_attempt_built_on_the_integration_head_comes_back(whole: Lab) -> None:
    lab = whole
    heads = [out(lab, "2").head]
    token = lab.open(PLAN, RUN)
    on_top(lab, "2", {"own/2/two": "2 two\n"}, heads[0])
    assert lab.integrate(token, 1).merged == ("2",)
    assert lab.repo.run("ls-tree", "-r", "--name-only", lab.refs()[HEAD], "own/2/").out.split() == ["own/2/two"]
    sound(lab, PLAN, heads)


def test_out_and_back_and_out_and_back(whole: Lab) -> None:
    lab = whole
    heads: list[str] = []
    for n in range(2):
        assert out(lab, "1").taken == ("4", "3", "1")
        sound(lab, PLAN, heads)
        token = lab.open(PLAN, RUN)
        v = lab.read().verdicts["1"][-1]
        on_top(lab, "1", {f"own/1/v{n}": f"{n}\n"}, v.commit or "")
        gated_again(lab, "3")
        gated_again(lab, "4")
        assert lab.integrate(token, 1).merged == ("1",) and lab.integrate(token, 2).merged == ("3", "4")
        sound(lab, PLAN, heads)
    found = lab.repo.run("ls-tree", "-r", "--name-only", heads[-1], "own/1/").out.split()
    assert found == ["own/1/one", "own/1/two", "own/1/v0", "own/1/v1"]


def test_two_attempts_of_one_branch_leave_together(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": ["1"]}, validate=[["true"]])
    token = lab.open(plan, RUN)
    v1 = lab.build(token, "1", own("1"))
    lab.build(token, "2", own("2"))
    lab.integrate(token, 1)
    v2 = on_top(lab, "1", {"own/1/three": "x\n"}, v1.commit or "")
    heads = [lab.integrate(token, 1).head or ""]
    assert out(lab, "1").taken == ("1", "2") and inside(lab) == set()
    sound(lab, plan, heads)
    gated_again(lab, "1")
    assert lab.integrate(token, 1).merged == ("1",)
    sound(lab, plan, heads)
    assert lab.read().folded().branches["1"].commit == v2.commit
    assert len(lab.repo.run("ls-tree", "-r", "--name-only", heads[-1], "own/1/").out.split()) == 3


def test_a_newer_attempt_that_waits_to_be_merged_goes_too(whole: Lab) -> None:
    lab = whole
    v1 = lab.read().verdicts["2"][-1]
    on_top(lab, "2", {"own/2/three": "x\n"}, v1.commit or "")
    out(lab, "2")
    record = lab.read().folded().branches["2"]
    assert (record.attempt, record.state) == (2, State.ISOLATED)
    assert not {r for r in lab.refs() if r.startswith("refs/heads/feature/b2")}
    assert lab.integrate(lab.open(PLAN, "run-2"), 1).merged == ()
    gated_again(lab, "2")
    assert lab.integrate(lab.open(PLAN, "run-2"), 1).merged == ("2",)
    listed = lab.repo.run("ls-tree", "-r", "--name-only", lab.refs()[HEAD], "own/2/").out.split()
    assert listed == ["own/2/one", "own/2/three", "own/2/two"]


def test_what_is_out_stays_out_while_its_next_attempt_runs_and_dies(whole: Lab) -> None:
    """The ledger once forgot a branch whose next attempt was running: its old commit counted again."""
    lab = whole
    head = out(lab, "2").head
    token = lab.open(PLAN, "run-2")
    branch = PLAN.by_id["2"]
    assert results.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, branch, lab.main, "c", "run-2")) == 2
    assert lab.state("2") == "running"
    on_top(lab, "4", {"own/4/three": "x\n"}, lab.read().verdicts["4"][-1].commit or "")
    lab.open(PLAN, "run-2", rebuild="always")  # moves the ledger while 2 runs
    assert lab.read().candidate("2") is lab.read().current("2") is None
    token = lab.open(PLAN, "run-3")
    assert lab.state("2") == "unfinished" and lab.read().stopped("2")
    assert lab.integrate(token, 1).merged == () and lab.refs()[HEAD] == head
    assert "refs/heads/feature/b2" not in lab.refs()


def test_generated_and_union_paths_follow(tmp_path: Path) -> None:
    generated = [{"paths": ["/gen/**"], "command": "cat src/* > gen/all"}]
    union = [{"path": "list", "owner": "1", "branches": ["2"], "merge": "union", "check": "sort -c {path}"}]
    plan = plan_of({"1": [], "2": []}, validate=[["true"]], generated_files=generated, shared_files=union)
    lab = Lab(tmp_path, {"list": "a\nz\n", "src/0": "0\n", "gen/all": "0\n", "README": "x\n"})
    token = lab.open(plan, RUN)
    for b in "12":
        lab.build(token, b, {**own(b), "list": f"a\nb{b}\nz\n", f"src/{b}": f"{b}\n", "gen/all": f"0\n{b}\n"})
    heads = [lab.integrate(token, 1).head or ""]
    assert lab.show(heads[0], "list") == "a\nb1\nb2\nz\n" and lab.show(heads[0], "gen/all") == "0\n1\n2\n"
    head = out(lab, "1").head
    assert lab.show(head, "list") == "a\nb2\nz\n" and lab.show(head, "gen/all") == "0\n2\n"
    assert (head, ("sort -c list", "true")) in lab.bench.gated
    sound(lab, plan, heads)
    gated_again(lab, "1")
    head = lab.integrate(token, 1).head or ""
    assert lab.show(head, "gen/all") == "0\n1\n2\n" and "b1" in lab.show(head, "list")
    sound(lab, plan, heads)


def test_a_moved_base_and_a_renamed_file_are_no_obstacle(whole: Lab) -> None:
    lab = whole
    lab.push("refs/heads/main", commit_files(lab.repo, lab.main, {"README": "newer\n"}, "more"))
    heads = [lab.integrate(lab.open(PLAN, "run-2"), 1).head or ""]
    renamed = commit_files(lab.repo, heads[0], {"own/2/one": None, "moved": "2 one\n", "README": "mine\n"}, "by hand")
    lab.push(HEAD, renamed)
    head = out(lab, "1").head
    assert lab.show(head, "README") == "mine\n" and inside(lab) == {"2"}
    assert lab.repo.is_ancestor(renamed, head)


def test_a_foreign_commit_cannot_forge_a_revert(whole: Lab) -> None:
    """Somebody fast-forwards integration to an agent's branch: its trailers stand on the line's other side."""
    lab = whole
    head = out(lab, "2").head
    forged = commit_files(lab.repo, head, {"x": "x\n"}, f"Innocent\n\nPhaseplan-Reapply: 2 {head}\n")
    lab.push(HEAD, forged)
    tip = reconcile(lab.repo, lab.remote, PHASE).heads[HEAD]
    assert lab.repo.is_ancestor(forged, tip) and open_reverts(lab.repo, tip) == {"2": (head,)}
    aside = commit_files(lab.repo, lab.main, {"y": "y\n"}, "aside")
    swapped = lab.repo.line("commit-tree", f"{tip}^{{tree}}", "-p", aside, "-p", tip, "-m", "Merge integration")
    lab.push(HEAD, swapped)
    tip = reconcile(lab.repo, lab.remote, PHASE).heads[HEAD]
    assert lab.repo.is_ancestor(swapped, tip) and open_reverts(lab.repo, tip) == {"2": (head,)}
    assert out(lab, "1").taken == ("4", "3", "1")


@pytest.mark.parametrize(
    ("branch", "said"),
    [("9", "phase 5 has no branch 9"), ("2", "2 is pending, not integrated"), ("1", "1 is passed, not integrated")],
)
def test_what_is_not_in_cannot_leave(lab: Lab, branch: str, said: str) -> None:
    with pytest.raises(InputFault, match="phase 5 was never opened"):
        out(lab, branch)
    token = lab.open(PLAN, RUN)
    lab.build(token, "1", own("1"))
    before = lab.refs()
    with pytest.raises(InputFault, match=said):
        out(lab, branch)
    assert lab.refs() == before
