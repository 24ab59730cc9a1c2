"""A provider that is away pauses its profile once: who is let in when, whose word counts, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from phaseplan.ledger import refs
from phaseplan.ledger.pause import pauses
from phaseplan.ledger.pause.pauses import Ended, Pause, after, let_in, stands
from phaseplan.ledger.records import changed, moment
from tests.git.lab import PHASE, Lab

WHEN = datetime(2026, 11, 29, 1, 12, tzinfo=UTC)

REFUSED = "the provider refuses the key of profile claude (401): mend the Airflow connection `x`"


def ended(branch: str = "1.1", attempt: int = 1, proof: pauses.Proof = "refused", **more: Any) -> Ended:
    return Ended("claude", "run-1", branch, attempt, **{"proof": proof, "reason": REFUSED, **more})


def found(**more: Any) -> Pause:
    made = after(None, ended(**more), WHEN)
    assert made is not None
    return made


def at(seconds: float) -> datetime:
    return WHEN + timedelta(seconds=seconds)


def waits(pause: Pause, when: datetime) -> float:
    return (moment(pause.next) - when).total_seconds()


def test_the_sentence_says_why_since_when_and_when_next() -> None:
    assert found().sentence() == f"profile claude is paused since 01:12 UTC: {REFUSED}; next try 01:13 UTC"
    assert found(reason="a\nb\x1b[2J").reason == "a b\\x1b[2J"


def test_one_is_let_in_when_it_is_time_and_the_others_wait_longer_each_time() -> None:
    pause, seconds = found(), []
    assert let_in(pause, "run-1", "1.2/1", at(59)) is None
    for n in range(6):
        when = moment(pause.next)
        probe = let_in(pause, "run-1", f"1.2/{n}", when)
        assert probe is not None and let_in(probe, "run-1", "1.3/1", when) is None
        failed = after(probe, ended("1.2", n), when)
        assert failed is not None
        pause = failed
        seconds.append(waits(pause, when))
    assert seconds == [120, 240, 480, 600, 600, 600]


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, [60, 120, 240]), (1.0, [10, 120, 240]), (200.0, [200, 200, 240]), (1e9, [21600] * 3)]
)
def test_the_provider_is_asked_again_when_it_says(asked: float | None, seconds: list[float]) -> None:
    pause = found(proof="away", retry_after=asked)
    assert waits(pause, WHEN) == seconds[0]
    for expected in seconds[1:]:
        probe = let_in(pause, "run-1", "1.2/1", moment(pause.next))
        failed = after(probe, ended("1.2", proof="away", retry_after=asked), WHEN)
        assert failed is not None and waits(failed, WHEN) == expected
        pause = failed


def test_only_a_probe_moves_or_ends_a_pause() -> None:
    pause = found()
    for proof in ("answered", "refused", "away", "said", ""):
        assert after(pause, ended("1.9", proof=proof), at(5)) is None, "it began before the pause"  # type: ignore[arg-type]
    probe = let_in(pause, "run-1", "1.2/1", at(60))
    assert probe is not None and after(probe, ended("1.2", proof=""), at(70)) is None, "stopped: it says nothing"
    over = after(probe, ended("1.2", proof="answered"), at(70))
    assert over is not None and not stands(over)
    assert over.farewell() == "profile claude goes on: its provider answers again (paused from 01:12 UTC to 01:13 UTC)"


def test_a_person_and_the_first_try_of_another_run_are_let_in_at_once() -> None:
    pause = found()
    assert let_in(pause, "run-1", "1.2/1", at(1), forced=True) is not None
    other = let_in(changed(pause, tries=5), "run-2", "1.2/1", at(1))
    assert other is not None and (other.tries, other.run) == (0, "run-2")
    assert let_in(other, "run-2", "1.3/1", at(2)) is None


def test_an_exit_code_pauses_others_only_with_another_branchs_word() -> None:
    """An agent without a gateway can exit with any code it likes."""
    assert after(None, ended(proof="said"), WHEN) is None
    assert after(None, ended(proof="said", confirmed=True), WHEN) is not None
    assert after(None, ended(proof="said", alone=True), WHEN) is not None


def test_a_branch_whose_word_the_next_one_refuted_pauses_nobody_again_in_its_run() -> None:
    """A model's agent can make its provider refuse it; it must not hold up the others for a night."""
    probe = let_in(found(), "run-1", "1.2/1", at(60))
    over = after(probe, ended("1.2", proof="answered"), at(70))
    again = ended("1.1", 2, claimed=pauses.stamp(at(80)))
    assert after(over, again, at(90)) is None
    assert after(over, replace(again, alone=True), at(90)) is not None, "there is nobody to hold up"
    assert after(over, replace(again, run="run-2"), at(90)) is not None
    other = after(over, replace(again, branch="1.3"), at(90))
    assert other is not None and other.doubted == ("1.1",)


def test_a_trouble_that_a_second_branch_met_makes_its_finder_no_liar() -> None:
    pause = after(let_in(found(), "run-1", "1.2/1", at(60)), ended("1.2"), at(70))
    assert pause is not None
    over = after(let_in(pause, "run-1", "1.3/1", at(200)), ended("1.3", proof="answered"), at(210))
    assert over is not None and over.doubted == ()


def test_an_agent_that_began_with_the_old_key_does_not_pause_its_profile_again() -> None:
    over = changed(found(), ended=pauses.stamp(at(100)))
    assert after(over, ended("1.3", claimed=pauses.stamp(at(50))), at(120)) is None
    assert after(over, ended("1.3", claimed=pauses.stamp(at(110))), at(120)) is not None


def test_the_branch_that_found_it_comes_after_the_others() -> None:
    assert found().seconds("1.1", WHEN) == found().seconds("1.2", WHEN) + pauses.LAST


@pytest.mark.parametrize("name", ["claude", "Claude", "a/b", "x..y", "ü", "a b", "p.lock", "%"])
def test_a_profile_of_any_name_has_a_ref_of_its_own(lab: Lab, name: str) -> None:
    ref = refs.paused(PHASE, name)
    lab.target.run("check-ref-format", ref)
    assert ref != refs.paused(PHASE, name.swapcase()) or name.swapcase() == name
