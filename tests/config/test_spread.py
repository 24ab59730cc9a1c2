"""Branches that begin together are spread over engines by their room; a retry sees the same engine."""

from __future__ import annotations

from collections import Counter

import pytest

from phaseplan.containers.engines.spread import spread

KEYS = [f"5/5.1.{n}" for n in range(1, 401)]


def test_equal_engines_get_equal_shares_of_what_begins_together() -> None:
    found = Counter(spread({"a": 4, "b": 4, "c": 4}, key) for key in KEYS)
    assert set(found) == {"a", "b", "c"} and min(found.values()) > 100, found


@pytest.mark.parametrize(("rooms", "share"), [({"a": 1, "b": 9}, 0.1), ({"a": 9, "b": 1}, 0.9), ({"a": 0, "b": 1}, 0)])
def test_an_engine_gets_a_share_by_its_room(rooms: dict[str, int], share: float) -> None:
    found = Counter(spread(rooms, key) for key in KEYS)
    assert abs(found["a"] / len(KEYS) - share) < 0.05, found


def test_a_retry_goes_where_it_went_in_whatever_order_the_file_has_them() -> None:
    assert [spread({"a": 2, "b": 2}, key) for key in KEYS] == [spread({"b": 2, "a": 2}, key) for key in KEYS]


def test_more_room_on_one_engine_takes_no_branch_away_from_it() -> None:
    before = {key for key in KEYS if spread({"a": 2, "b": 2}, key) == "a"}
    assert before <= {key for key in KEYS if spread({"a": 3, "b": 2}, key) == "a"}


def test_where_none_has_room_one_is_named_all_the_same() -> None:
    assert spread({"a": 0, "b": 0}, "5/5.1.1") in {"a", "b"}
