"""A phase opens only where the target takes its ledger and its integration branch, and asks for both in one push."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from phaseplan.ledger import refs
from phaseplan.phase.open import Opened, Seen, take_over
from phaseplan.plan.run_request import RunRequest
from phaseplan.repository.refusals import Refused
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, plan_of

HEAD = refs.integration(PHASE)
PLAN = plan_of({"1": []})
NOBODY = "0" * 40


def hook(lab: Lab, condition: str) -> None:
    """Refuse each update (`$1` ref, `$2` old, `$3` new) for which a shell condition holds."""
    file = lab.url / "hooks" / "update"
    file.write_text(f"#!/bin/sh\nif {condition}; then echo ask ops first >&2; exit 1; fi\n")
    file.chmod(0o755)


def opened(lab: Lab, run: str = "run-1") -> Opened:
    return take_over(
        lab.remote, lab.repo, PLAN, {}, run, RunRequest(base="main", start="wave"), Seen(lab.main, lab.read())
    )


def pushes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The refs of each push from now on."""
    said, real = list[list[str]](), Remote.push

    def push(self: Remote, repo: GitRepo, updates: Sequence[Update]) -> bool:
        said.append([update.ref for update in updates])
        return real(self, repo, updates)

    monkeypatch.setattr(Remote, "push", push)
    return said


def test_the_first_run_tries_integration_with_its_ledger_and_takes_it_back(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = pushes(monkeypatch)
    assert opened(lab).snapshot.heads.keys() == {"refs/heads/main"}
    assert said == [[refs.ledger(PHASE), HEAD], [HEAD]]
    assert opened(lab, "run-2").token.epoch == 2 and said[2:] == [[refs.ledger(PHASE)]]


def test_a_target_that_refuses_integration_gets_no_ledger_either(lab: Lab) -> None:
    before = lab.refs()
    hook(lab, f"[ $1 = {HEAD} ]")
    with pytest.raises(Refused, match="ask ops first"):
        opened(lab)
    assert lab.refs() == before


def test_a_target_that_deletes_nothing_keeps_integration_at_the_base(lab: Lab) -> None:
    hook(lab, f"[ $3 = {NOBODY} ]")
    found = opened(lab)
    assert found.snapshot.heads[HEAD] == lab.main and found.snapshot.ledger is not None
    lab.build(found.token, "1", {"own/1": "1\n"})
    assert lab.integrate(found.token, 1).merged == ("1",)


def test_a_start_that_died_between_the_two_is_gone_on_with(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Remote.push

    def dies(self: Remote, repo: GitRepo, updates: Sequence[Update]) -> bool:
        if updates and updates[0] == Update(HEAD, None, lab.main):
            raise KeyboardInterrupt
        return real(self, repo, updates)

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "push", dies)
        with pytest.raises(KeyboardInterrupt):
            opened(lab)
    assert lab.refs()[HEAD] == lab.main
    found = opened(lab)
    assert found.token.epoch == 1
    lab.build(found.token, "1", {"own/1": "1\n"})
    assert lab.integrate(found.token, 1).merged == ("1",)
    assert lab.close(found.token).ok


def test_somebody_elses_integration_branch_is_left_alone(lab: Lab) -> None:
    lab.push(HEAD, lab.main)
    assert opened(lab).snapshot.heads[HEAD] == lab.main
