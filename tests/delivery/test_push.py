"""`deliver: push` fast-forwards a branch, and never one that has moved."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from phaseplan.delivery.errors import NotAsClosed, OntoMoved
from phaseplan.errors import InputFault
from phaseplan.repository.refusals import Refused
from phaseplan.repository.remote import Remote
from tests.delivery.place import HEAD, Shop, plan
from tests.git.lab import commit_files

PUSH = plan("push")


def test_the_branch_gets_the_integration_head(hub: Shop) -> None:
    done = hub.night(PUSH)
    assert hub.nights.main() == hub.nights.ledger().integration == hub.record.head
    assert done.news and hub.record.state == "pushed" and str(hub.record).startswith("pushed to main at ")
    refs = hub.nights.lab.refs()
    assert not hub.night(PUSH).news
    after = hub.nights.lab.refs()
    assert after["refs/heads/main"] == refs["refs/heads/main"]
    assert hub.forge.calls == []


def test_a_branch_that_moved_is_refused_and_the_next_night_takes_it_in(hub: Shop) -> None:
    token = hub.built(PUSH)
    moved = hub.nights.push_main({"docs/more": "x\n"})
    with pytest.raises(OntoMoved, match=r"main has moved: it has 1 commit .*Next: run phase 5 again"):
        hub.deliver(token)
    assert hub.nights.main() == moved, "it is never forced"
    assert hub.record.state == "failed" and "main has moved" in hub.record.problem
    assert hub.nights.ledger().run.complete, "the phase is complete all the same"  # type: ignore[union-attr]
    assert hub.night(PUSH).news
    assert hub.nights.main() == hub.nights.ledger().integration and hub.record.problem == ""


def test_what_was_pushed_to_integration_since_the_close_is_not_delivered(hub: Shop) -> None:
    """It has passed no gate; the next run takes it in, gates it and delivers it."""
    token = hub.built(PUSH)
    head = hub.nights.ledger().integration
    hub.nights.lab.push(f"refs/heads/{HEAD}", commit_files(hub.nights.lab.repo, head, {"by/hand": "x\n"}, "by hand"))
    before = hub.nights.main()
    with pytest.raises(NotAsClosed, match=r"has passed no gate\. Next: run phase 5 again"):
        hub.deliver(token)
    assert hub.nights.main() == before and "passed no gate" in str(hub.record)
    assert hub.night(PUSH).news
    assert "by/hand" in hub.nights.lab.repo.run("ls-tree", "-r", "--name-only", hub.nights.main()).out


def test_a_race_for_the_branch_is_seen(hub: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pushes between our look and our push."""
    token, send, others = hub.built(PUSH), Remote.push, [True]

    def late(self: Remote, repo: Any, updates: Any) -> bool:
        if others and updates[0].ref == "refs/heads/main":
            others.clear()
            hub.nights.push_main({"docs/more": "x\n"})
        return send(self, repo, updates)

    monkeypatch.setattr(Remote, "push", late)
    with pytest.raises(OntoMoved):
        hub.deliver(token)
    assert "docs/more" in hub.nights.lab.repo.run("ls-tree", "-r", "--name-only", hub.nights.main()).out


def test_what_others_push_later_is_no_reason_to_push_merges(hub: Shop) -> None:
    hub.night(PUSH)
    moved = hub.nights.push_main({"docs/more": "x\n"})
    assert not hub.night(PUSH).news
    assert hub.nights.main() == moved and hub.record.state == "pushed"


def test_a_branch_that_is_not_there(hub: Shop) -> None:
    with pytest.raises(InputFault, match="has no branch release"):
        hub.night(plan("push", deliver={"onto": "release"}))
    assert "has no branch release" in str(hub.record)


def test_a_branch_that_the_target_protects(hub: Shop) -> None:
    token = hub.built(PUSH)
    hook = hub.nights.lab.url / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo protected >&2; exit 1; }\n')
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(Refused, match="protected"):
        hub.deliver(token)
    assert hub.record.problem
