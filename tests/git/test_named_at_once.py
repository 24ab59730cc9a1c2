"""A branch that passes has its name with its result, and only where nothing speaks against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.errors import Stale
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import Verdict, changed, now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import Branch
from phaseplan.repository.refusals import Refused
from tests.git.lab import PHASE, Lab, commit_files, plan_of
from tests.git.talk import Talk, talk

__all__ = ["talk"]
PLAN = plan_of({"1": []})
BRANCH: Branch = PLAN.by_id["1"]
NAME, RESULT = "refs/heads/feature/b1", "refs/phaseplan/phase-5/results/1/1.1"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def passed(lab: Lab) -> tuple[Verdict, Snapshot]:
    """An attempt whose work is kept and passes; what its task has read since."""
    token = lab.open(PLAN)
    number = results.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, BRANCH, lab.main, "c/0", token.run))
    head = commit_files(lab.repo, lab.main, {"a": "a\n"}, "work")
    results.keep_attempt(lab.repo, lab.remote, PHASE, "1", number, head)
    fields = {"phase": PHASE, "branch": "1", "attempt": number, "run": token.run, "claim": "c/0", "outcome": "passed"}
    made = Verdict(**fields, base=lab.main, raw=head, commit=head, name="feature/b1", finished=now())
    return made, lab.read()


def publish(lab: Lab, made: Verdict, snapshot: Snapshot) -> Verdict:
    return results.publish_result(
        lab.repo, lab.remote, made, made.commit, kept=made.raw, snapshot=snapshot, branch=BRANCH
    )


def test_one_push_gives_both(lab: Lab, talk: Talk) -> None:
    made, snapshot = passed(lab)
    with talk.during("publish"):
        assert publish(lab, made, snapshot) == made
        assert results.publish_name(lab.repo, lab.remote, BRANCH, made)
    assert talk.calls["publish"] == ["push", "ls-remote"]
    assert lab.refs()[NAME] == made.commit and RESULT in lab.refs()


def test_where_the_target_refuses_the_name_the_result_is_kept(lab: Lab) -> None:
    made, snapshot = passed(lab)
    hook = lab.url / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/heads/feature/*) echo "not here" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    assert publish(lab, made, snapshot) == made
    assert RESULT in lab.refs() and NAME not in lab.refs()
    with pytest.raises(Refused, match="not here"):
        results.publish_name(lab.repo, lab.remote, BRANCH, made)


@pytest.mark.parametrize("theirs", [NAME, f"{NAME}/more"])
def test_somebody_who_takes_the_name_meanwhile_keeps_it(lab: Lab, theirs: str) -> None:
    made, snapshot = passed(lab)
    lab.push(theirs, lab.main)
    assert publish(lab, made, snapshot) == made
    assert lab.refs()[theirs] == lab.main and lab.refs().get(NAME) != made.commit and RESULT in lab.refs()


def test_an_attempt_that_was_overtaken_has_no_name_afterwards(lab: Lab) -> None:
    made, snapshot = passed(lab)
    token = lab.open(PLAN, "run-2")
    lab.build(token, "1", {"b": "b\n"})
    assert publish(lab, made, snapshot) == made
    with pytest.raises(Stale):
        results.publish_name(lab.repo, lab.remote, BRANCH, made)
    assert made.commit not in [sha for ref, sha in lab.refs().items() if ref.startswith("refs/heads/")]


def test_an_attempt_that_is_known_to_be_overtaken_gets_none(lab: Lab) -> None:
    made, _ = passed(lab)
    lab.build(lab.open(PLAN, "run-2"), "1", {"b": "b\n"})
    publish(lab, made, lab.read())
    assert made.commit not in [sha for ref, sha in lab.refs().items() if ref.startswith("refs/heads/")]


def test_one_that_failed_gets_none(lab: Lab) -> None:
    made, snapshot = passed(lab)
    publish(lab, changed(made, outcome="failed", name=None), snapshot)
    assert RESULT in lab.refs() and NAME not in lab.refs()
