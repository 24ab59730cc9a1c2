"""A pull request is opened once, found again whatever happened, and describes the newest run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from phaseplan.delivery import deliver as module
from phaseplan.delivery.deliver import Undelivered
from phaseplan.delivery.forge import Draft
from phaseplan.ledger import refs
from phaseplan.repository.remote import Update
from tests.delivery.place import HEAD, Shop, plan
from tests.git.lab import PHASE


def test_it_is_opened_and_the_second_night_updates_it(shop: Shop) -> None:
    done = shop.night(plan(deliver={"draft": True, "labels": ["phaseplan"]}))
    (pull,) = shop.forge.pulls
    assert (pull.head, pull.base, pull.draft, pull.labels) == (HEAD, "main", True, ["phaseplan"])
    assert pull.title.endswith("Phase 5: Nights") and "| 3 | Branch 3 | sh | 1 of 2 |" in pull.body
    assert done.news and (shop.record.state, shop.record.number, shop.record.head) == ("open", 1, pull.tip)
    assert shop.record.url.startswith(shop.forge.top) and done.message.endswith("/1, open.")
    shop.nights.push_main({"docs/more": "x\n"})
    before = pull.body
    again = shop.night(plan(deliver={"draft": True, "labels": ["phaseplan"]}))
    assert len(shop.forge.pulls) == 1 and not again.news
    assert pull.tip == shop.record.head and pull.body != before, "the commits moved with the branch, and the text"
    assert pull.body.count("<!-- phaseplan") == 1 and "night-2" in pull.body


def test_what_people_wrote_around_our_part_stays(hub: Shop) -> None:
    hub.night(plan())
    (pull,) = hub.forge.pulls
    pull.body = f"Reviewed by Ann.\r\n\r\n{pull.body}\r\n\r\nSee the minutes."
    hub.night(plan())
    assert pull.body.startswith("Reviewed by Ann.\n\n<!-- phaseplan") and pull.body.endswith("See the minutes.")
    assert "night-2" in pull.body and "night-1" not in pull.body
    calls = len(hub.forge.calls)
    hub.deliver(hub.built(plan()))
    assert "rewrite" in hub.forge.calls[calls:]
    token, calls = hub.built(plan()), len(hub.forge.calls)
    hub.deliver(token)
    hub.deliver(token)
    assert hub.forge.calls[calls:].count("rewrite") == 1, "the very same text is not sent again"


def test_a_worker_that_dies_between_opening_and_recording_opens_no_second_one(
    hub: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(*args: Any) -> Any:
        raise KeyboardInterrupt

    token = hub.built(plan())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "keep", died)
        hub.deliver(token)
    assert len(hub.forge.pulls) == 1 and hub.nights.lab.read().delivery is None
    assert hub.deliver(token).news
    assert len(hub.forge.pulls) == 1 and hub.record.number == 1


def test_two_that_deliver_at_once_open_one(shop: Shop) -> None:
    token, lock, met = shop.built(plan()), threading.Lock(), threading.Barrier(2, timeout=20)

    def meet(name: str) -> None:
        if name == "create":
            met.wait()  # both have looked, and found none

    shop.forge.before = meet
    ends: list[object] = []

    def one() -> None:
        try:
            other = Shop(shop.nights, shop.forge)
            with lock:
                other.nights.lab.read()
            ends.append(other.deliver(token).record)
        except Exception as error:
            ends.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [getattr(end, "number", end) for end in ends] == [1, 1]
    assert len(shop.forge.pulls) == 1 and shop.forge.calls.count("create") == 2


def test_one_that_a_person_has_opened_is_taken_over(hub: Shop) -> None:
    token = hub.built(plan())
    found = hub.opened(plan().deliver, "")
    found.forge.create(Draft("By hand", "Please look.", HEAD, "main"))
    hub.deliver(token)
    (pull,) = hub.forge.pulls
    assert pull.title == "By hand" and pull.body.startswith("Please look.\n\n<!-- phaseplan")


def test_closed_without_merging_it_is_said_and_another_comes_with_other_work(hub: Shop) -> None:
    hub.night(plan())
    hub.forge.pulls[0].state = "closed"
    hub.nights.push_main({"docs/more": "x\n"})
    done = hub.night(plan())
    assert done.news is False or "closed without merging" in done.message
    assert hub.record.state == "closed" and "closed without merging" in str(hub.record)
    assert len(hub.forge.pulls) == 1, "a base that moved is no new work"
    hub.nights.images["sh:1"] = "another"
    hub.nights.work["1"] = {"own/1/file": "1 again\n"}
    assert hub.night(plan()).news
    assert [p.state for p in hub.forge.pulls] == ["closed", "open"] and hub.record.number == 2


def test_a_record_that_is_gone_is_made_again(hub: Shop) -> None:
    hub.night(plan())
    lab = hub.nights.lab
    assert lab.remote.push(lab.repo, [Update(refs.delivery(PHASE), None, lab.refs()[refs.delivery(PHASE)])])
    hub.night(plan())
    assert len(hub.forge.pulls) == 1 and hub.record.number == 1


def test_lists_of_many_pages_are_read_to_their_end(shop: Shop) -> None:
    token = shop.built(plan())
    shop.forge.page = 1
    forge = shop.opened(plan().deliver, "").forge
    for name in ("b1", "b2", "b3"):
        forge.create(Draft(name, "", f"feature/{name}", "main"))
    forge.create(Draft("ours", "", HEAD, "main"))
    for name in ("b1", "b2"):
        shop.nights.lab.push(f"refs/heads/other/{name}", shop.nights.main())
        forge.create(Draft(name, "", f"other/{name}", "main"))
    shop.deliver(token)
    assert shop.record.number == 4 and len(shop.forge.pulls) == 6


def test_a_phase_that_is_not_complete_is_not_delivered(hub: Shop) -> None:
    token = hub.built(plan(), branches=("1",))
    with pytest.raises(Undelivered, match=r"not complete \(1 of 3 branches are integrated\)"):
        hub.deliver(token)
    assert hub.forge.calls == [] and hub.nights.lab.read().delivery is None


def test_a_label_that_gitea_has_not_is_named(shop: Shop) -> None:
    shop.night(plan(deliver={"labels": ["phaseplan", "rare"]}))
    if shop.forge.kind in ("gitea", "forgejo"):
        assert shop.forge.pulls[0].labels == ["phaseplan"] and "no label rare" in shop.words[-1]
    else:
        assert shop.forge.pulls[0].labels == ["phaseplan", "rare"]
