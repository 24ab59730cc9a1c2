"""What a target answers for is believed, ref by ref, and looked at before anything rests on it (decision 033)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseplan.errors import Stale
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import Verdict, now
from phaseplan.merging.reconcile import reconcile
from phaseplan.repository.refusals import settled
from phaseplan.repository.remote import Lost, Update
from phaseplan.repository.repo import Result
from tests.git.lab import PHASE, Lab, commit_files, plan_of

REF = "refs/phaseplan/phase-5/probe"
PLAN = plan_of({"1": []})
SHA = "1" * 40


@contextmanager
def losing(lab: Lab, pattern: str) -> Iterator[None]:
    """A target that answers "ok" for refs of a pattern and then has not got them, without a word."""
    hook = lab.url / "hooks" / "post-receive"
    hook.write_text(
        "#!/bin/sh\nwhile read -r old new ref; do\n"
        f"case $ref in {pattern}) case $old in\n"
        '000*) git update-ref -d "$ref";;\n*) git update-ref "$ref" "$old";;\nesac;;\nesac\ndone\n'
    )
    hook.chmod(0o755)
    yield
    hook.unlink()


def calls(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said, run = list[str](), lab.repo.run

    def noting(*args: str, **more: Any) -> Result:
        said.extend(a for a in args if a in ("ls-remote", "push", "fetch"))
        return run(*args, **more)

    monkeypatch.setattr(lab.repo, "run", noting)
    return said


def verdict(lab: Lab, run: str, number: int, outcome: str = "passed") -> Verdict:
    head = commit_files(lab.repo, lab.main, {"x": "1\n"}, "work")
    name = "feature/b1" if outcome == "passed" else None
    claim = {"run": run, "claim": f"{run}/0", "base": lab.main, "raw": head, "commit": head, "finished": now()}
    return Verdict.model_validate(
        {"phase": PHASE, "branch": "1", "attempt": number, "outcome": outcome, "name": name, **claim}
    )


def test_a_push_that_is_answered_for_is_not_asked_about(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    said = calls(lab, monkeypatch)
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None), Update(REF + "2", lab.main, None)])
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)]), "up to date is an answer too"
    assert lab.remote.push(lab.repo, [Update(REF, None, lab.main)])
    assert said == ["push"] * 3


@pytest.mark.parametrize("script", ["echo thank you", "echo warning >&2; exit 0"])
def test_anything_more_that_is_said_is_looked_at(lab: Lab, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    hook = lab.url / "hooks" / "post-receive"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    said = calls(lab, monkeypatch)
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)])
    assert said == ["push", "ls-remote"]


def test_an_exit_code_that_lies_is_looked_at(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lab.repo.run

    def lying(*args: str, **more: Any) -> Result:
        came = run(*args, **more)
        return Result(1, came.out, came.err) if "push" in args else came

    monkeypatch.setattr(lab.repo, "run", lying)
    assert lab.remote.push(lab.repo, [Update(REF, lab.main, None)]), "it landed, whatever the code says"
    monkeypatch.setattr(lab.repo, "run", lambda *a, **m: Result(0, "", "") if "push" in a else run(*a, **m))
    with pytest.raises(Exception, match="did not arrive"):
        lab.remote.push(lab.repo, [Update(REF + "2", lab.main, None)])


LINES = [f" \t{SHA}:refs/a\t1..2", f"*\t{SHA}:refs/b\t[new reference]", "-\t:refs/c\t[deleted]"]


@pytest.mark.parametrize("kind", list("+=*- "))
def test_every_way_of_taking_a_ref_settles_it(kind: str) -> None:
    assert settled(f"To /x\n{kind}\t{SHA}:refs/a\twhatever\nDone\n", "", ["refs/a"])


@given(st.data())
def test_only_a_line_for_each_ref_and_nothing_else_settles_a_push(data: st.DataObject) -> None:
    names, whole = ["refs/a", "refs/b", "refs/c"], ["To /x", *LINES, "Done"]
    assert settled("\n".join([*whole, ""]), "", names)
    at = data.draw(st.integers(0, len(whole) - 1))
    strange = data.draw(
        st.sampled_from([f"!\t{SHA}:refs/a\t[rejected] (x)", "remote: hi", f"*\t{SHA}:refs/d\t[new]", ""])
    )
    without = [line for i, line in enumerate(whole) if i != at]
    for broken in (without, [*whole[:at], strange, *whole[at:]], [*whole[:at], strange, *whole[at + 1 :]], []):
        assert not settled("\n".join([*broken, ""]), "", names), broken
    assert not settled("\n".join([*whole, ""]), "remote: hi\n", names)
    assert not settled("\n".join([*whole, ""]), "", [*names, "refs/d"])


def test_a_ledger_that_was_answered_for_and_lost_is_missed_at_once(lab: Lab) -> None:
    with losing(lab, "*/ledger"), pytest.raises(Lost, match="phase-5/ledger"):
        lab.open(PLAN)
    token = lab.open(PLAN)
    lab.build(token, "1", {"x": "1\n"})
    with losing(lab, "*/ledger"), pytest.raises(Lost):
        lab.integrate(token, 1)
    assert lab.integrate(token, 1).merged == ("1",)
    with losing(lab, "*/ledger"), pytest.raises(Lost):
        lab.close(token)
    assert lab.close(token).ok


def test_no_agent_starts_on_a_claim_that_was_lost(lab: Lab) -> None:
    token = lab.open(PLAN)
    where = (lab.repo, lab.remote, NewAttempt(PHASE, PLAN.by_id["1"], lab.main, "c/0", token.run))
    with losing(lab, "*/started/*"), pytest.raises(Lost, match="started/1/1"):
        results.claim_attempt(*where, snapshot=lab.read())
    assert results.claim_attempt(*where) == 1


def test_a_snapshot_that_is_too_old_takes_no_number_twice(lab: Lab) -> None:
    token = lab.open(PLAN)
    old, where = lab.read(), (lab.repo, lab.remote)
    first, cleared = (NewAttempt(PHASE, PLAN.by_id["1"], lab.main, claim, token.run) for claim in ("c/0", "c/1"))
    assert results.claim_attempt(*where, first, snapshot=old) == 1
    assert results.claim_attempt(*where, first, snapshot=old) == 1, "its own, found after the lost race"
    assert results.claim_attempt(*where, cleared, snapshot=old) == 2


def test_a_run_that_lost_the_ledger_claims_nothing(lab: Lab) -> None:
    old, where = lab.open(PLAN), (PHASE, PLAN.by_id["1"], lab.main)
    new = lab.open(PLAN, "run-2")
    with pytest.raises(Stale, match="run-2 does; nothing was claimed"):
        results.claim_attempt(lab.repo, lab.remote, NewAttempt(*where, "c/0", old.run))
    assert results.claim_attempt(lab.repo, lab.remote, NewAttempt(*where, "c/1", new.run)) == 1


def test_no_result_stands_for_work_that_was_lost(lab: Lab) -> None:
    token = lab.open(PLAN)
    made = verdict(lab, token.run, 1)
    results.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, PLAN.by_id["1"], lab.main, made.claim, token.run))
    with losing(lab, "*/attempts/*"):
        assert results.keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, made.raw or "") == made.raw
    with pytest.raises(Lost, match="attempts/1/1"):
        results.publish_result(lab.repo, lab.remote, made, made.commit, kept=made.raw)
    assert not lab.read().verdicts, "so whoever comes next collects it again"
    results.keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, made.raw or "")
    assert results.publish_result(lab.repo, lab.remote, made, made.commit, kept=made.raw) == made


@pytest.mark.parametrize("outcome", ["passed", "failed"])
def test_a_result_that_was_lost_is_missed_before_the_task_ends(lab: Lab, outcome: str) -> None:
    token = lab.open(PLAN)
    made, branch = verdict(lab, token.run, 1, outcome), PLAN.by_id["1"]
    results.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, branch, lab.main, made.claim, token.run))
    results.keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, made.raw or "")
    with losing(lab, "*/results/*"):
        assert results.publish_result(lab.repo, lab.remote, made, made.commit, kept=made.raw) == made
    with pytest.raises(Lost, match=r"results/1/1\.1"):
        if outcome == "passed":
            results.publish_name(lab.repo, lab.remote, branch, made)
        results.still_there(lab.repo, lab.remote, made)
    assert refs.attempt(PHASE, "1", 1) in lab.refs(), "the work is there, to be judged again"


def test_names_and_integration_that_were_lost_are_made_by_whoever_comes_next(lab: Lab) -> None:
    token = lab.open(PLAN)
    with losing(lab, "refs/heads/*"), pytest.raises(Exception, match="does not take"):
        lab.build(token, "1", {"x": "1\n"})
    assert "refs/heads/feature/b1" not in lab.refs()
    with losing(lab, "refs/heads/integration/*"), pytest.raises(Lost, match="integration/phase-5"):
        lab.integrate(token, 1)
    reconcile(lab.repo, lab.remote, PHASE)
    held = lab.refs()
    assert held["refs/heads/feature/b1"] and held[refs.integration(PHASE)] == lab.read().folded().integration
