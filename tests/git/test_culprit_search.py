"""The search for culprits alone, without git: which sets of branches it finds, and with how many gate runs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence

import pytest

from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.ledger.records import Finding
from phaseplan.wave.culprits import Search

RED = Finding(gate="commands", message="red")


class Counted:
    """Red where a predicate says so; counts its runs, and says green once where a run is named flaky."""

    def __init__(self, bad: Callable[[set[str]], bool], flaky: Sequence[int] = ()) -> None:
        self.bad, self.flaky, self.runs = bad, set(flaky), 0

    def __call__(self, chosen: tuple[str, ...], *, again: bool = False) -> tuple[Finding, ...]:
        self.runs += 1
        return (RED,) if self.bad(set(chosen)) or self.runs in self.flaky else ()


def searched(ids: str, red: Counted, needs: dict[str, Sequence[str]] | None = None) -> Search:
    search = Search(list(ids), needs or {}, red)
    search.run()
    return search


def test_every_set_of_bad_ones_is_found_exactly() -> None:
    for n in range(1, 8):
        ids = "abcdefg"[:n]
        for k in range(1, n + 1):
            for bad in itertools.combinations(ids, k):
                red = Counted(lambda chosen, bad=bad: bool(chosen & set(bad)))
                search = searched(ids, red)
                assert tuple(c.id for c in search.culprits) == bad
                assert search.good == [i for i in ids if i not in bad] and search.flaky == []
                assert red.runs <= 3 * n


def test_of_those_red_together_the_later_leaves() -> None:
    search = searched("abcdef", Counted(lambda c: {"b", "e"} <= c))
    assert [(c.id, c.without) for c in search.culprits] == [("e", ("a", "b", "c", "d"))]
    assert search.good == list("abcdf") and search.suspects == ()


def test_what_needs_a_culprit_leaves_with_it() -> None:
    search = searched("abcde", Counted(lambda c: "a" in c), {"c": ["a"], "d": ["c"], "e": ["b"]})
    assert [c.id for c in search.culprits] == ["a"]
    assert search.waiting == {"c": "a", "d": "a"} and search.good == ["b", "e"]


def test_a_red_that_does_not_repeat_makes_no_culprit() -> None:
    for run in range(1, 12):
        search = searched("abcdefgh", Counted(lambda c: "f" in c, [run]))
        assert [c.id for c in search.culprits] == ["f"], f"run {run} was flaky"


def test_few_runs_find_few_culprits_of_many() -> None:
    ids = "".join(chr(200 + i) for i in range(20))
    most = {1: 9, 2: 15, 5: 28, 10: 36}
    for k, limit in most.items():
        seeded = random.Random(k)
        for _ in range(50):
            bad = set(seeded.sample(ids, k))
            red = Counted(lambda chosen, bad=bad: bool(chosen & bad))
            searched(ids, red)
            assert red.runs <= limit


def test_the_bound_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__GATE_RUNS", "7")
    assert settings().gate_runs == 7
    for wrong in ("0", "-1", "many"):
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__GATE_RUNS", wrong)
        with pytest.raises(InputFault, match=r"`gate_runs` in section .* must be a whole number above 0"):
            settings()
