"""A pull request that was merged closes the loop: its work is the base's, nothing is built twice or taken out."""

from __future__ import annotations

import pytest

from phaseplan.errors import InputFault
from phaseplan.repository.objects import tree_of
from tests.delivery.place import HEAD, Shop, plan

WAYS = ("merge", "squash", "rebase")


def settled(shop: Shop) -> None:
    """Run a night in which nothing is to do, and look that nothing was done."""
    nights, commits = shop.nights, len(shop.forge.pulls)
    calls = len(shop.forge.calls)
    shop.night(plan())
    assert nights.built == [] and set(nights.due().values()) <= {"gate", "reuse"}
    assert nights.ledger().run.complete  # type: ignore[union-attr]
    assert "Revert" not in nights.lab.repo.run("log", "--format=%s", str(nights.ledger().integration)).out
    assert len(shop.forge.pulls) == commits, "no other pull request"
    assert not {"create", "rewrite"} & set(shop.forge.calls[calls:])


@pytest.mark.parametrize("how", WAYS)
def test_the_next_opening_sees_it(shop: Shop, how: str) -> None:
    shop.night(plan())
    shop.nights.push_main({"docs/meanwhile": "x\n"})
    merged = shop.forge.merge(1, how)
    shop.look(plan())
    assert (shop.record.state, shop.record.commit) == ("merged", merged)
    assert f"merged into main at {merged[:8]}" in shop.words[-1]
    settled(shop)
    nights = shop.nights
    assert nights.tree() == tree_of(nights.lab.repo, nights.main()), "integration has what main has, and no more"
    settled(shop)


@pytest.mark.parametrize("how", WAYS)
def test_what_the_base_does_to_the_work_afterwards_is_no_conflict(hub: Shop, how: str) -> None:
    """After a squash git knows of no common history: the same lines changed on both sides would conflict."""
    hub.night(plan())
    hub.forge.merge(1, how)
    hub.nights.push_main({"own/1/file": "1 mended on main\n", "own/2/file": None, "own/3/more": "x\n"})
    settled(hub)
    files = hub.nights.files()
    assert files["own/1/file"] == "1 mended on main\n" and "own/2/file" not in files and files["own/3/more"] == "x\n"
    hub.nights.push_main({"own/1/file": "1 mended twice\n"})
    settled(hub)
    assert hub.nights.files()["own/1/file"] == "1 mended twice\n"


def test_without_knowing_of_the_merge_it_would_be_built_again(hub: Shop) -> None:
    """That the test above can fail: files alone do not show that a squash was this work."""
    hub.night(plan())
    hub.forge.merge(1, "squash")
    hub.nights.push_main({"own/1/file": "1 mended on main\n"})
    hub.nights.night(plan())
    assert "1" in hub.nights.built


def test_new_work_after_a_squash_gets_a_pull_request_of_its_own(shop: Shop) -> None:
    shop.night(plan())
    shop.forge.merge(1, "squash")
    shop.nights.push_main({"own/1/file": "1 mended on main\n"})
    waves = ({"1": (), "2": ()}, {"3": ("1",), "4": ("1",)})
    done = shop.night(plan(waves=waves))
    assert shop.nights.built == ["4"] and done.news and shop.record.number == 2
    (_, second) = shop.forge.pulls
    changed = shop.nights.lab.repo.run("diff", "--name-only", shop.nights.main(), second.tip).out.split()
    assert changed == ["own/4/file"], "what was merged is in no second pull request"
    shop.forge.merge(2, "squash")
    shop.night(plan(waves=waves))
    assert shop.nights.built == [] and shop.record.state == "merged"


def test_a_delivery_of_another_kind_forgets_no_merge(hub: Shop) -> None:
    hub.night(plan())
    hub.forge.merge(1, "squash")
    hub.nights.push_main({"own/1/file": "1 mended on main\n"})
    settled(hub)
    with pytest.raises(InputFault, match="no branch release"):
        hub.night(plan("push", deliver={"onto": "release"}))
    assert hub.record.state == "failed" and hub.record.taken_as
    hub.nights.push_main({"own/1/file": "1 mended twice\n"})
    hub.night(plan())
    assert hub.nights.built == [] and hub.nights.files()["own/1/file"] == "1 mended twice\n"


def test_the_branch_may_be_deleted_after_the_merge(hub: Shop) -> None:
    hub.night(plan())
    hub.forge.merge(1, "squash")
    hub.nights.lab.push(f"refs/heads/{HEAD}", None)
    settled(hub)


def test_a_base_that_is_red_after_the_merge_takes_nothing_out(hub: Shop) -> None:
    """The branches are main's now: they are not merged anew in search of a culprit."""
    hub.night(plan())
    hub.forge.merge(1, "squash")
    hub.nights.push_main({"own/1/file": "1 mended on main\n", "poison": "x\n"})
    hub.look(plan())
    with pytest.raises(Exception, match="cannot begin on main"):
        hub.nights.night(plan())
    assert set(hub.nights.ledger().branches) == {"1", "2", "3"}
    assert {r.state for r in hub.nights.ledger().branches.values()} == {"integrated"}
    hub.nights.push_main({"poison": None})
    settled(hub)


def test_the_base_is_asked_about_only_where_it_moved(hub: Shop) -> None:
    hub.night(plan())
    calls = len(hub.forge.calls)
    hub.look(plan())
    assert hub.forge.calls[calls:] == []


def test_merged_by_hand_without_the_forge_is_nothing_to_deliver(hub: Shop) -> None:
    token = hub.built(plan())
    hub.nights.lab.push("refs/heads/main", hub.nights.ledger().integration)
    assert "nothing to deliver" in hub.deliver(token).message
    assert hub.forge.pulls == []
