"""I5, I6, I14: what must not make a difference to the tree that a phase comes to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phaseplan.ledger import refs
from phaseplan.merging.workspace import DependencyOut
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import tree_of
from tests.git.lab import PHASE, Content, Lab, plan_of
from tests.git.machine.world import BASE, VALIDATION
from tests.git.nights import Nights
from tests.git.nights import plan_of as nightly_plan

HEAD, LEDGER = refs.integration(PHASE), refs.ledger(PHASE)
EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "3"))
KINDS = ("one", "three", "mate", "mate", "bad", "failed")
IDS = ("1", "2", "3", "4")


@dataclass(frozen=True)
class Campaign:
    """Two waves, what each branch does, and an order in which branches arrive."""

    waves: tuple[dict[str, list[str]], dict[str, list[str]]]
    work: dict[str, tuple[str, ...]]
    order: tuple[str, ...]

    def plan(self, guest: int | None = None) -> PhasePlan:
        """With a branch 9 at that place of the first wave, which nobody needs."""
        first = list(self.waves[0].items())
        if guest is not None:
            first.insert(guest, ("9", []))
        return plan_of(dict(first), self.waves[1], validate=[VALIDATION, VALIDATION])


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    deps = {
        b: draw(st.lists(st.sampled_from(IDS[:i]), unique=True, max_size=1)) if i else [] for i, b in enumerate(IDS)
    }
    cut = draw(st.integers(2, 3))
    work = {b: tuple(draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=2))) for b in IDS}
    waves = ({b: deps[b] for b in IDS[:cut]}, {b: deps[b] for b in IDS[cut:]})
    return Campaign(waves, work, tuple(draw(st.permutations(IDS))))


def few(test: object) -> object:
    """Shrinking would repeat whole phases for minutes: a failing campaign is small as it is."""
    phases = [Phase.explicit, Phase.generate]
    return settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, phases=phases, suppress_health_check=list(HealthCheck)
    )(test)


def written(branch: str, kinds: Sequence[str]) -> dict[str, Content]:
    """The same whatever attempt it is."""
    found: dict[str, Content] = {f"own/{branch}": f"{branch}\n"}
    found |= {f"{kind}/{branch}": f"{branch}\n" for kind in kinds if kind in ("mate", "bad")}
    lines = [kind for kind in kinds if kind in ("one", "three")]
    if lines:
        found["f"] = lambda text: "".join(
            f"{x.split()[0]} by {branch}\n" if x.split()[0] in lines else f"{x}\n" for x in text.splitlines()
        )
    return found


def carry_out(
    lab: Lab, plan: PhasePlan, work: dict[str, tuple[str, ...]], order: Sequence[str], run: str, build: bool = True
) -> None:
    """One run; branches of a wave arrive in `order`, as far as what they need lets them."""
    token = lab.open(plan, run)
    for wave in plan.waves:
        left = [b for b in order if plan.wave_of[b] == wave.wave] if build else []
        while left:
            branch = next(b for b in left if not set(plan.by_id[b].depends_on) & set(left))
            left.remove(branch)
            arrive(lab, branch, work[branch], token)
        lab.integrate(token, wave.wave)
    lab.close(token)


def arrive(lab: Lab, branch: str, kinds: tuple[str, ...], token: object) -> None:
    outcome = "failed" if "failed" in kinds else "passed"
    try:
        lab.build(token, branch, written(branch, kinds), outcome=outcome, reason="no")
    except (DependencyOut, AssertionError) as out:  # dependencies that are out, or conflict with each other
        assert isinstance(out, DependencyOut) or "Conflict" in str(out), out


def tree(lab: Lab) -> str:
    lab.read()
    return tree_of(lab.repo, lab.refs().get(HEAD, lab.main))


def states(lab: Lab) -> dict[str, str]:
    return {b: lab.state(b) for b in IDS}


@few
@given(campaigns(), st.integers(0, 2), st.sampled_from(("failed", "bad")))
def test_a_branch_that_always_fails_and_that_nobody_needs_changes_nothing(
    campaign: Campaign, place: int, fails: str
) -> None:
    ends = []
    for guest in (None, place):
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(Path(folder), BASE)
            ids = campaign.order if guest is None else (*campaign.order, "9")
            carry_out(lab, campaign.plan(guest), {**campaign.work, "9": (fails,)}, ids, "run-1")
            assert guest is None or lab.state("9") == "isolated"
            ends.append((tree(lab), states(lab)))
    assert ends[0] == ends[1], "I5 (bystanders)"


@few
@given(campaigns())
def test_neither_the_order_of_arrival_nor_the_worker_makes_a_difference(campaign: Campaign) -> None:
    ends = []
    for order in (IDS, campaign.order):
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(Path(folder), BASE)
            carry_out(lab, campaign.plan(), campaign.work, order, "run-1")
            ends.append((lab.refs().get(HEAD), states(lab)))
    assert ends[0] == ends[1], "I6 (order-free)"


@few
@given(campaigns())
def test_reused_or_built_again_the_tree_is_the_same(campaign: Campaign) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder), BASE)
        plan = campaign.plan()
        carry_out(lab, plan, campaign.work, IDS, "run-1")
        head, first = lab.refs().get(HEAD), (tree(lab), states(lab))
        carry_out(lab, plan, campaign.work, IDS, "run-2", build=False)
        assert (lab.refs().get(HEAD), states(lab)) == (head, first[1]), "I14: a second night changes nothing"
        for run, build in (("run-3", False), ("run-4", True)):
            for ref in {HEAD, LEDGER} & lab.refs().keys():
                lab.push(ref, None)
            carry_out(lab, plan, campaign.work, IDS, run, build)
            assert (tree(lab), states(lab)) == first, f"I14: reuse {'off' if build else 'on'}"


EDITS = ("hint", "elsewhere", "brief", "image", "gate", "nothing")


@st.composite
def edits(draw: st.DrawFn) -> list[list[tuple[str, str]]]:
    """What happens before each of two nights."""
    one = st.tuples(st.sampled_from(EDITS), st.sampled_from(("1", "2", "3", "4", "5")))
    return [draw(st.lists(one, min_size=1, max_size=3)) for _ in range(2)]


@few
@given(edits())
def test_nights_that_reuse_and_nights_that_build_everything_come_to_the_same(
    happens: list[list[tuple[str, str]]],
) -> None:
    """I14. The agents write down everything that they worked from, so whatever is wrongly kept shows in the tree."""
    with tempfile.TemporaryDirectory() as folder:
        lazy, eager = (Nights(Lab(Path(folder, name))) for name in ("lazy", "eager"))
        edited = Edited()
        for n, todays in enumerate([[], *happens]):
            for kind, branch in todays:
                edited.edit(kind, branch, n)
            for nights, rebuild in ((lazy, "auto"), (eager, "always")):
                edited.apply(nights)
                nights.night(edited.plan(), rebuild=rebuild)
            assert lazy.files() == eager.files(), (n, todays, lazy.due())
            assert lazy.tree() == eager.tree()


class Edited:
    """Base, plan and images as they are now."""

    def __init__(self) -> None:
        self.base: dict[str, str] = {}
        self.briefs: dict[str, str] = {}
        self.image = "sh:1"
        self.gates: list[str] = []

    def edit(self, kind: str, branch: str, night: int) -> None:
        """One change of that kind."""
        if kind == "hint":
            self.base[f"own/{branch}/hint"] = f"hint of night {night}\n"
        elif kind == "elsewhere":
            self.base["docs/news"] = f"news of night {night}\n"
        elif kind == "brief":
            self.briefs[branch] = f"brief of night {night}"
        elif kind == "image":
            self.image = f"sh:1 of night {night}"
        elif kind == "gate":
            self.gates = [f"true {night}"]

    def plan(self) -> PhasePlan:
        """The plan file."""
        return nightly_plan(briefs=self.briefs, gates={"commands": self.gates})

    def apply(self, nights: Nights) -> None:
        """Push the base; let every agent write down what it works from."""
        if self.base:
            nights.push_main(self.base)
        nights.images["sh:1"] = self.image
        for branch in self.plan():
            told = f"{branch.brief} {self.image} {self.base.get(f'own/{branch.id}/hint')}"
            needs = "".join(nights.work[d][f"own/{d}/file"] for d in branch.depends_on)
            nights.work[branch.id] = {f"own/{branch.id}/file": f"{told}\n{needs}"}
