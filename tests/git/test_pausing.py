"""Ten branches of a profile that is paused, on real git: one asks for all, from whatever machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseplan.ledger import attempt_refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.pause import pauses
from phaseplan.ledger.pause.pauses import Ended, Pause, Paused
from phaseplan.ledger.pause.pausing import Admission, EndReport, alike, lacked, saying_so
from phaseplan.ledger.records import PROVIDER, Finding, State, Token, Verdict, now
from phaseplan.ledger.rulings import spent
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.report.status import build_status
from tests.git.lab import PHASE, Lab, plan_of
from tests.git.talk import Talk, talk
from tests.git.test_pauses import REFUSED

__all__ = ["talk"]

TEN = [f"1.{n}" for n in range(1, 11)]


@dataclass
class Night:
    """A run whose branches' tasks a test plays on real git, as `attempt` does around its containers."""

    lab: Lab
    token: Token
    told: list[str]

    def start(self, branch: str, lab: Lab | None = None, **more: Any) -> int:
        """What a task does before its agent starts: return the attempt's number, or raise Paused."""
        lab, profile = lab or self.lab, more.pop("profile", "claude")
        snapshot = lab.read()
        admission = Admission(lab.repo, PHASE, profile, self.token.run, branch, **more)
        wanted = snapshot.require_open().plan.by_id[branch]
        new = NewAttempt(PHASE, wanted, lab.main, f"{self.token.run}/0", self.token.run)
        return attempt_refs.claim_attempt(lab.repo, lab.remote, new, snapshot, admission)

    def end(self, branch: str, attempt: int, proof: pauses.Proof, lab: Lab | None = None, **more: Any) -> EndReport:
        """What it does when its agent has ended."""
        lab, profile = lab or self.lab, more.pop("profile", "claude")
        snapshot, away = lab.read(), proof in ("refused", "away", "said")
        opened = snapshot.require_open()
        others = alike(snapshot, opened.plan, opened.run, profile, branch)
        confirmed = bool([*saying_so(snapshot, opened.run.id, profile, branch)])
        claimed = snapshot.started[branch][attempt].time
        fields = {"alone": not others, "confirmed": confirmed, "claimed": claimed, "reason": REFUSED, **more}
        report = EndReport(lab.repo, Ended(profile, opened.run.id, branch, attempt, proof, **fields))
        verdict = Verdict(
            phase=PHASE, branch=branch, attempt=attempt, run=self.token.run, claim=f"{self.token.run}/0",
            outcome="unfinished" if away else "passed", reason=REFUSED if away else "", base=lab.main, raw=lab.main,
            commit=lab.main, agent=profile, finished=now(),
            findings=(Finding(gate=PROVIDER, message=REFUSED),) if away else (),
        )  # fmt: skip
        attempt_refs.publish_result(lab.repo, lab.remote, verdict, lab.main, report=report, snapshot=snapshot)
        if report.event:
            self.told.append(report.event)
        return report

    def pause(self, profile: str = "claude") -> Pause:
        return self.lab.read().pauses[profile]


@pytest.fixture
def night(lab: Lab) -> Iterator[Night]:
    """Ten branches of one profile, one of another."""
    plan = plan_of({**{b: [] for b in TEN}, "2.1": []}, agent="claude")
    other = plan.by_id["2.1"].model_copy(update={"agent": "codex"})
    wave = plan.waves[0].model_copy(update={"branches": (*plan.waves[0].branches[:10], other)})
    profiles = {name: AgentProfile(image="x:1") for name in ("claude", "codex")}
    token = open_phase(
        lab.remote, lab.repo, plan.with_(waves=(wave,)), profiles, run_id="run-1", base_name="main", start="wave"
    )
    yield Night(lab, token, [])


def test_ten_branches_find_out_by_one_and_go_on_after_it_is_mended(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.end("1.1", night.start("1.1"), "refused")
    for branch in TEN[1:]:
        with pytest.raises(Paused, match=r"profile claude is paused since .*: the provider refuses the key"):
            night.start(branch)
    assert set(night.lab.read().started) == {"1.1"}, "nobody else has begun"
    night.end("2.1", night.start("2.1", profile="codex"), "answered", profile="codex")
    assert night.lab.read().state("2.1") is State.PASSED and night.told == ["paused"]
    monkeypatch.setattr(pauses, "datetime", _Later)
    monkeypatch.setattr("phaseplan.ledger.pause.pausing.datetime", _Later)
    probe = night.start("1.2")
    with pytest.raises(Paused):
        night.start("1.3")
    night.end("1.2", probe, "answered")
    for branch in ("1.1", *TEN[2:]):
        night.end(branch, night.start(branch), "answered")
    snapshot = night.lab.read()
    assert {snapshot.state(b) for b in (*TEN, "2.1")} == {State.PASSED}
    assert night.told == ["paused", "resumed"]
    assert sum(spent(snapshot.verdicts[b], "run-1/0") for b in TEN) == 0
    assert {b: len(v) for b, v in snapshot.started.items() if len(v) > 1} == {"1.1": 2}


class _Later(datetime):
    """A clock that is ten minutes fast."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(minutes=10)


def test_of_ten_that_find_it_at_once_one_tells(night: Night) -> None:
    attempts = {branch: night.start(branch) for branch in TEN}
    standing = [night.end(branch, attempt, "refused").standing for branch, attempt in attempts.items()]
    assert night.told == ["paused"] and {pause.branch for pause in standing if pause} == {"1.1"}


def raced(night: Night, folder: Path, play: Any) -> list[Any]:
    """Play one move for each of four branches from machines of their own, all at the same time."""
    labs = {branch: night.lab.another_worker(folder / f"{branch}.git") for branch in TEN[1:5]}
    barrier, outcomes = threading.Barrier(len(labs)), []

    def run(branch: str, lab: Lab) -> None:
        barrier.wait()
        try:
            outcomes.append(play(branch, lab))
        except Paused as paused:
            outcomes.append(paused)

    threads = [threading.Thread(target=run, args=pair) for pair in labs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_four_machines_one_is_the_probe(night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night.end("1.1", night.start("1.1"), "refused")
    monkeypatch.setattr("phaseplan.ledger.pause.pausing.datetime", _Later)
    outcomes = raced(night, tmp_path, night.start)
    assert [type(o).__name__ for o in outcomes if not isinstance(o, Paused)] == ["int"]
    assert len(night.lab.read().started) == 2 and len(night.pause().probes) == 1


def test_of_four_machines_that_find_it_one_tells_and_all_results_stand(night: Night, tmp_path: Path) -> None:
    attempts = {branch: night.start(branch) for branch in TEN[1:5]}
    outcomes = raced(night, tmp_path, lambda branch, lab: night.end(branch, attempts[branch], "refused", lab))
    assert len(outcomes) == 4 and night.told == ["paused"]
    assert {v[-1].outcome for v in night.lab.read().verdicts.values()} == {"unfinished"}


def test_a_claim_that_lost_its_process_is_asked_again_before_its_agent_starts(night: Night) -> None:
    attempt = night.start("1.2")
    night.end("1.1", night.start("1.1"), "refused")
    with pytest.raises(Paused):
        night.start("1.2")
    admission = Admission(night.lab.repo, PHASE, "claude", "run-1", "1.2", forced=True)
    admission.enter(night.lab.remote, night.lab.read(), attempt)
    assert admission.probe and night.pause().probes == (f"1.2/{attempt}",)
    assert night.start("1.2") == attempt, "it has been let in"


def test_without_a_gateway_two_branches_have_to_say_so(night: Night) -> None:
    first, second = night.start("1.1"), night.start("1.2")
    assert night.end("1.1", first, "said").standing is None
    assert lacked(night.lab.read().verdicts["1.1"][-1], "run-1", "claude")
    assert night.end("1.2", second, "said").event == "paused"


def test_status_names_the_pause_for_all_that_wait_and_for_nobody_else(night: Night) -> None:
    night.end("1.1", night.start("1.1"), "refused")
    status = build_status(night.lab.read())
    reasons: Mapping[str, str] = {b: s.reason for b, s in status.branches.items()}
    assert {reasons[b] for b in TEN} == {f"paused: {night.pause().sentence()}"} and reasons["2.1"] == ""
    assert [pause.profile for pause in status.pauses] == ["claude"]


def test_a_phase_without_a_pause_asks_its_target_no_more(night: Night, talk: Talk) -> None:
    with talk.during("with"):
        night.start("1.1")
    snapshot = night.lab.read()
    with talk.during("without"):
        plan = snapshot.require_open().plan
        new = NewAttempt(PHASE, plan.by_id["1.2"], night.lab.main, "c/0", "run-1")
        attempt_refs.claim_attempt(night.lab.repo, night.lab.remote, new, night.lab.read())
    assert len(talk.calls["with"]) == len(talk.calls["without"])
