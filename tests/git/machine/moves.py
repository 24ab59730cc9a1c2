"""What can happen, and how often: everything the machine draws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from phaseplan.plan.model import PhasePlan
from tests.git.lab import plan_of
from tests.git.machine.builder import Order
from tests.git.machine.world import SECOND, VALIDATION, Fault

IDS = ("1", "2", "3", "4", "5")
GENERATED = [{"paths": ["/gen/**"], "command": "cat src/* > gen/all"}]
KINDS = ("one", "three", "union", "generated", "mate", "bad")
PEOPLE = (
    "breaks_or_mends",
    "main_moves",
    "pushes_to_integration",
    "puts_integration_back",
    "forces_integration",
    "takes_a_name",
    "deletes_our_names",
)

branches = st.sampled_from(IDS)
kinds = st.lists(st.sampled_from(KINDS), unique=True, max_size=2).map(tuple)
outcomes = st.sampled_from(("passed",) * 12 + ("failed", "failed", "blocked", "cancelled", "unfinished"))
starts = st.sampled_from(("workspace", "workspace", "workspace", "integration", "previous", "gated again"))
orders = st.builds(Order, branches, kinds, outcomes, starts)
meanwhiles = st.sampled_from(("integrate", "open", "build", "push"))
push_faults = st.builds(
    Fault,
    st.sampled_from((1, 1, 1, 2, 2, 3, 4)),
    st.sampled_from(("before", "after", "refused", "meanwhile", "meanwhile")),
    meanwhiles,
)
gate_faults = st.builds(
    Fault, st.sampled_from((1, 1, 2, 3, 4)), st.sampled_from(("engine", "flaky", "meanwhile gate")), meanwhiles
)
faults = st.one_of(st.none(), st.none(), push_faults)
wave_faults = st.one_of(st.none(), st.none(), push_faults, gate_faults)


@st.composite
def plans(draw: st.DrawFn) -> PhasePlan:
    """Two waves of four or five branches, at most two dependencies each."""
    ids = IDS[: draw(st.integers(4, 5))]
    cut = draw(st.integers(2, 3))
    deps = {
        b: draw(st.lists(st.sampled_from(ids[:i]), unique=True, max_size=2)) if i and draw(st.booleans()) else []
        for i, b in enumerate(ids)
    }
    union = [{"path": "list", "owner": "1", "branches": list(ids[1:]), "merge": "union"}]
    waves = [{b: deps[b] for b in ids[:cut]}, {b: deps[b] for b in ids[cut:]}]
    return plan_of(*waves, validate=[VALIDATION, (*VALIDATION, SECOND)], shared_files=union, generated_files=GENERATED)


def move(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A method of the machine and what it is called with."""
    return st.tuples(st.just(name), st.fixed_dictionaries(given))


waves = st.sampled_from((1, 1, 2))
work = st.lists(orders, min_size=5, max_size=5)
WAVE = move("ordinary_wave", wave=waves, work=work, fault=wave_faults)
BUILD = move("building", order=orders, fault=faults, clear=st.booleans())
#: An attempt that has its number and runs on while other things happen, or for ever.
START = move("building", order=orders, fault=st.just(Fault(2, "before")), clear=st.booleans())
INTEGRATE = move("integrating", wave=waves, fault=wave_faults)
ELSEWHERE = move("integrating_elsewhere", wave=waves, work=work)
RUN = move("a_run_begins_or_ends", what=st.sampled_from(("new", "same", "close", "close")), fault=faults)
PERSON = move("people_interfere", what=st.sampled_from(PEOPLE), branch=branches, number=st.integers(1, 3))
TAKE_OUT = move("taking_out", branch=branches, fault=wave_faults)
STALE = move("stale_run_tries_everything", at=st.integers(0, 10), order=orders)
#: One rule, so that each example plays all of them; of what finds most there is more.
MOVES = st.one_of(
    *[WAVE] * 3, *[BUILD] * 2, START, INTEGRATE, INTEGRATE, RUN, RUN, PERSON, PERSON, ELSEWHERE, STALE, TAKE_OUT
)
