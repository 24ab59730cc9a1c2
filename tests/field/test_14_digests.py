"""Line 14: after an upgrade of Phaseplan integrated work is gated again, and not built again.

Was: digests hashed every key of the models with its default, so one more optional key, used by no plan, reverted and
rebuilt all integrated work.
Right: digests hold what the plan's author wrote. An older record is compared in the form in which it was recorded;
what cannot be compared is gated again. The test holds a golden digest.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from phaseplan.attempt import inputs
from phaseplan.attempt.inputs import BUILT, Builder, Images, Start, ingredients
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import Ledger, Pinned
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.phase.situation import Situation
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import Branch, Gates, GeneratedFiles, PhasePlan, SharedFile, Wave
from phaseplan.report.standing import Standing, judge
from phaseplan.repository.repo import GitRepo
from tests.git import nights as harness
from tests.git.lab import Lab
from tests.git.nights import Nights, plan_of

ALL = ["1", "2", "3", "4", "5"]
WRITTEN: dict[str, Any] = {
    "phase": 5, "title": "Golden", "agent": "a", "history": "full",
    "generated_files": [{"paths": ["gen/"], "command": "make"}],
    "gates": {"max_lines": 100, "commands": ["make verify"], "required": [{"files": "*.go", "pattern": "//"}]},
    "shared_files": [{"path": "go.mod", "owner": "5.1", "branches": ["5.2"], "merge": "union"}],
    "waves": [{"wave": 1, "validate": ["make"], "branches": [
        {"id": "5.1", "branch": "feature/one", "title": "One", "owns": ["one/"], "lines": 5},
        {"id": "5.2", "branch": "feature/two", "title": "Two", "owns": ["two/"], "depends_on": ["5.1"],
         "brief": "Be kind.", "duration": "2h"}]}],
}  # fmt: skip
PROFILE = {"image": "x:1", "command": ["sh"], "timeout": "30m"}

#: The digests of these two. A change of one of them builds every user's branches again: raise `schemes.CURRENT`.
GOLDEN = {
    "entry": "06259e85e9fdfbfe",
    "profile": "ac8d8342bbb2362d",
    "agent": "ded6f6b42e071a23",
    "image": "e90d0fbb33c65f88",
    "conventions": "74234e98afe7498f",
    "dependencies": "f36b9eb1133a13aa",
}
GOLDEN_PLAN = "a225ca442975aa419a3c76e054e3b30c96f13fd472cb3fb0cc30034939c4fec7"
#: The same, as 0.1.0 recorded it before ingredients had a scheme.
FIRST = GOLDEN | {"entry": "70de3761ea46a770", "agent": "16ebb87124ec7507"}


class LaterBranch(Branch):
    """A branch with keys that some later Phaseplan knows."""

    urgency: int = 3
    reviewers: tuple[str, ...] = ()


class LaterWave(Wave):
    branches: tuple[LaterBranch, ...]  # type: ignore[assignment]
    colour: str | None = None


class LaterShared(SharedFile):
    strict: bool = False


class LaterGenerated(GeneratedFiles):
    check: str | None = None


class LaterGates(Gates):
    coverage: float | None = None


class LaterPlan(PhasePlan):
    waves: tuple[LaterWave, ...]  # type: ignore[assignment]
    shared_files: tuple[LaterShared, ...] = ()  # type: ignore[assignment]
    generated_files: tuple[LaterGenerated, ...] = ()  # type: ignore[assignment]
    gates: LaterGates = LaterGates()
    budget: int | None = None


class LaterProfile(AgentProfile):
    gpus: int = 0


def _digests(
    top: Path,
    plan: PhasePlan,
    profile: AgentProfile,
    branch: str = "5.2",
    scheme: str = schemes.CURRENT,
    images: Images = lambda name, scheme: name,
) -> dict[str, str]:
    repo = GitRepo.init(top / "repo.git")
    tree = repo.run("mktree", stdin=b"").out.strip()
    base = repo.line("commit-tree", "-m", "base", tree, env={})
    pinned = Pinned(plan=plan, profiles={"a": profile})
    snapshot = Snapshot(phase=5, opened=OpenPhase(Ledger(id="x", phase=5), pinned))
    builder = Builder("a", profile, profile, images)
    return ingredients(repo, snapshot, plan, plan.by_id[branch], builder, Start(base, base), scheme)


def test_an_image_that_builds_and_gates_is_looked_up_once(tmp_path: Path) -> None:
    plan, profile, asked = PhasePlan.model_validate(WRITTEN), AgentProfile.model_validate(PROFILE), list[str]()

    def image(name: str, scheme: str) -> str:
        asked.append(name)
        return name

    assert _digests(tmp_path / "a", plan, profile, images=image) == _digests(tmp_path / "b", plan, profile)
    assert asked == [profile.image]


def test_digests_equal_the_golden_ones(tmp_path: Path) -> None:
    plan, profile = PhasePlan.model_validate(WRITTEN), AgentProfile.model_validate(PROFILE)
    found = _digests(tmp_path, plan, profile)
    assert {name: found[name] for name in BUILT} == GOLDEN
    assert plan_digest(plan) == GOLDEN_PLAN
    old = _digests(tmp_path, plan, profile, scheme=schemes.FIRST)
    assert {name: old[name] for name in BUILT} == FIRST and "scheme" not in old


@pytest.mark.parametrize("scheme", [schemes.FIRST, schemes.IDS, schemes.CURRENT])
def test_an_unused_new_key_changes_no_digest(tmp_path: Path, scheme: str) -> None:
    plan, profile = PhasePlan.model_validate(WRITTEN), AgentProfile.model_validate(PROFILE)
    later, other = LaterPlan.model_validate(WRITTEN), LaterProfile.model_validate(PROFILE)
    before, after = (_digests(tmp_path, *both, scheme=scheme) for both in ((plan, profile), (later, other)))
    assert {name: before[name] for name in BUILT} == {name: after[name] for name in BUILT}
    assert scheme == schemes.FIRST or (before == after and plan_digest(plan) == plan_digest(later))
    used = {**WRITTEN, "waves": [{**WRITTEN["waves"][0], "branches": [
        {**branch, "urgency": 1} for branch in WRITTEN["waves"][0]["branches"]]}]}  # fmt: skip
    changed = _digests(tmp_path, LaterPlan.model_validate(used), other, scheme=scheme)
    assert [name for name in BUILT if changed[name] != before[name]] == ["entry"], "one that is used does count"


def test_a_default_that_is_written_out_and_what_a_ledger_has_pinned_are_the_same_plan(tmp_path: Path) -> None:
    plan, profile = PhasePlan.model_validate(WRITTEN), AgentProfile.model_validate(PROFILE)
    pinned = Pinned.model_validate_json(Pinned(plan=plan, profiles={"a": profile}).model_dump_json(by_alias=True))
    assert _digests(tmp_path, pinned.plan, pinned.profiles["a"]) == _digests(tmp_path, plan, profile)
    assert plan_digest(pinned.plan) == plan_digest(plan)


def test_what_is_kept_of_an_agents_words_builds_and_gates_nothing_anew(tmp_path: Path) -> None:
    plan = PhasePlan.model_validate(WRITTEN)
    without, with_it = (AgentProfile.model_validate({**PROFILE, "transcript": kept}) for kept in (False, True))
    assert _digests(tmp_path, plan, with_it) == _digests(tmp_path, plan, without)


@pytest.fixture(params=[schemes.FIRST, schemes.IDS])
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Nights:
    """Integrate a phase with an older Phaseplan, and continue with today's."""
    found = Nights(Lab(tmp_path))
    with monkeypatch.context() as then:
        then.setattr(harness, "ingredients", partial(ingredients, scheme=request.param))
        then.setattr(inputs, "__version__", "0.0.9")
        found.night(plan_of())
    records = found.ledger().branches
    assert all(r.verdict and schemes.of(r.verdict.inputs) == request.param for r in records.values())
    return found


def test_an_upgrade_gates_everything_once_and_builds_nothing(upgraded: Nights) -> None:
    before = upgraded.ledger().integration
    assert judge(upgraded.lab.read(), plan_of()).standing is Standing.COMPLETE, "who waits for it goes on"
    upgraded.night(plan_of())
    assert upgraded.built == [] and upgraded.due() == dict.fromkeys(ALL, "gate")
    assert upgraded.why("1") == "Phaseplan changed" and upgraded.ledger().integration == before
    upgraded.night(plan_of())
    assert upgraded.built == [] and upgraded.due() == dict.fromkeys(ALL, "reuse")


def test_what_changed_at_the_same_time_as_phaseplan_is_built_all_the_same(upgraded: Nights) -> None:
    upgraded.night(plan_of(briefs={"2": "Be kind."}))
    assert upgraded.built == ["2", "5"], "2, and what depends on it"
    upgraded.night(plan_of(briefs={"2": "Be kind."}))
    assert upgraded.built == [] and set(upgraded.due().values()) == {"reuse"}


def test_what_a_newer_phaseplan_recorded_is_gated_again_and_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Nights(Lab(tmp_path))

    def newer(*args: Any) -> dict[str, str]:
        return {**{name: f"{value}!" for name, value in ingredients(*args).items()}, "scheme": "9", "weather": "fine"}

    with monkeypatch.context() as then:
        then.setattr(harness, "ingredients", newer)
        found.night(plan_of())
    found.night(plan_of())
    assert found.built == [] and found.due() == dict.fromkeys(ALL, "gate")


def test_an_unknown_new_ingredient_is_no_reason_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Nights(Lab(tmp_path))
    found.night(plan_of())
    with monkeypatch.context() as later:
        later.setattr(inputs, "BUILT", {**BUILT, "weather": "the weather changed"})
        later.setattr(Situation, "inputs", _with_weather(Situation.inputs))
        found.night(plan_of())
    assert found.built == []


def _with_weather(real: Any) -> Any:
    return lambda self, branch, verdict: {**real(self, branch, verdict), "weather": "rain"}
