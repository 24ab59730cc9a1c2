"""What happens to a wave while it is gated: overtaken runs, late results, infrastructure, two workers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from phaseplan.errors import Infrastructure, Stale
from phaseplan.ledger import refs
from phaseplan.merging.reconcile import derived, reconcile
from phaseplan.wave.integrate import WaveRed
from tests.git.lab import PHASE, Lab, plan_of
from tests.git.trouble import Interrupted

HEAD = refs.integration(PHASE)


def test_a_missing_public_name_is_made_by_whoever_comes_next(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}))
    verdict = lab.build(token, "1", {"one": "1\n"})
    lab.push("refs/heads/feature/b1", None)
    assert reconcile(lab.repo, lab.remote, PHASE).heads["refs/heads/feature/b1"] == verdict.commit


def test_a_run_overtaken_in_the_middle_of_its_gates_moves_no_ref(lab: Lab, tmp_path: Path) -> None:
    plan = plan_of({"1": []}, validate=[["true"]])
    token = lab.open(plan)
    lab.build(token, "1", {"one": "1\n"})
    other, after = lab.another_worker(tmp_path / "o.git"), dict[str, str]()

    def overtake() -> None:
        other.open(plan, "run-2")
        after.update(other.refs())

    lab.bench = Interrupted(overtake)
    with pytest.raises(Stale):
        lab.integrate(token, 1)
    assert lab.refs() == after and HEAD not in after, "I13 (epoch)"


def test_a_result_that_arrives_during_the_gates_is_not_lost(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"1": [], "2": []}, validate=[["true"]]))
    lab.build(token, "1", {"one": "1\n"})
    other = lab.another_worker(tmp_path / "o.git")
    lab.bench = Interrupted(lambda: other.build(token, "2", {"two": "2\n"}))
    assert lab.integrate(token, 1).merged == ("1",)
    assert lab.state("2") == "passed" and any("COMPLETED 2 Branch" in line for line in lab.read().status_lines)
    assert lab.integrate(token, 1).merged == ("2",)
    assert sum("COMPLETED 2 Branch" in line for line in lab.read().status_lines) == 1


def test_infrastructure_isolates_nobody_and_moves_no_ref(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": []}, validate=[["true"]]))
    lab.build(token, "1", {"f": "1\n"})
    lab.build(token, "2", {"f": "2\n"})

    def engine_gone() -> None:
        raise Infrastructure("the engine is gone")

    before = lab.refs()
    lab.bench = Interrupted(engine_gone)
    with pytest.raises(Infrastructure):
        lab.integrate(token, 1)
    assert lab.refs() == before and lab.state("1") == lab.state("2") == "passed", "I11 (infrastructure)"
    assert lab.integrate(token, 1).merged == ("1",)


def test_two_workers_integrating_at_once_agree(lab: Lab, tmp_path: Path) -> None:
    token = lab.open(plan_of({"1": [], "2": []}, validate=[["true"]]))
    lab.build(token, "1", {"one": "1\n"})
    lab.build(token, "2", {"two": "2\n"})
    workers = [lab.another_worker(tmp_path / f"w{n}.git") for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        heads = {done.head for done in pool.map(lambda w: w.integrate(token, 1), workers)}
    assert heads == {lab.refs()[HEAD]}
    lab.bench = workers[0].bench
    assert derived(lab.read()) == [] and lab.state("1") == lab.state("2") == "integrated"


def test_a_red_wave_after_a_green_one_leaves_integration_where_it_was(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}, {"2": []}, validate=[["true"], ["false"]]))
    lab.build(token, "1", {"one": "1\n"})
    head = lab.integrate(token, 1).head
    lab.build(token, "2", {"two": "2\n"})
    for _ in range(2):
        with pytest.raises(WaveRed):
            lab.integrate(token, 2)
        assert lab.refs()[HEAD] == head and lab.state("2") == "passed"
