"""Branches leave and return in random order."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phaseplan.ledger.records import State, Token
from tests.git.lab import Lab, plan_of
from tests.git.leaving import HEAD, RUN, brought, gated_again, on_top, out, own, sound

EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "4"))  # random histories; a soak takes 100


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(st.sampled_from(["1", "2", "3", "4"]), min_size=4, max_size=4),  # what each dependency list draws from
    st.lists(
        st.tuples(st.sampled_from(["out", "again", "on top", "fresh", "on head", "integrate"]), st.integers(1, 4)),
        min_size=4,
        max_size=10,
    ),
)
def test_random_leaving_and_returning(needs: list[str], moves: list[tuple[str, int]]) -> None:
    """Whatever leaves and returns in whatever order: nothing is lost, nothing stays that should be out."""
    deps = {b: [n for n in {needs[i]} if n < b] for i, b in enumerate("1234")}
    plan = plan_of({b: deps[b] for b in "12"}, {b: deps[b] for b in "34"}, validate=[["true"], ["true"]])
    with tempfile.TemporaryDirectory() as folder:
        lab, heads = Lab(Path(folder)), list[str]()
        token = lab.open(plan, RUN)
        wanted: dict[str, set[str]] = {}  # by branch: the files that its newest attempt must bring
        for b in "1234":
            lab.build(token, b, own(b))
            wanted[b] = set(own(b))
        for wave in (1, 2):
            lab.integrate(token, wave)
        for n, (move, number) in enumerate([*moves, ("integrate", 1)]):
            branch = str(number)
            wanted[branch] = step(lab, token, move, branch, wanted[branch], f"own/{branch}/extra{n}", deps[branch])
            sound(lab, plan, heads)
            brought(lab, wanted)


def step(lab: Lab, token: Token, move: str, branch: str, files: set[str], extra: str, needs: list[str]) -> set[str]:
    """Make a move where it makes sense.

    :param files: what the branch's newest attempt must bring.
    :param extra: the file that a new attempt adds.
    :return: `files` afterwards.
    """
    snapshot = lab.read()
    state, newest = snapshot.state(branch), snapshot.verdicts[branch][-1]
    inside = state is State.INTEGRATED
    parent = base = None
    if move == "out" and inside:
        out(lab, branch)
    elif move == "again" and not inside:
        gated_again(lab, branch)
    elif move == "on top":
        known = lab.repo.is_ancestor(newest.commit or "", lab.refs()[HEAD])
        parent, base = newest.commit, None if known else newest.base  # work starts from what integration knows
    elif move == "fresh" and state in (State.ISOLATED, State.BLOCKED) and not needs:
        parent, files = lab.main, set()
    elif move == "on head" and inside and newest.commit == snapshot.folded().branches[branch].commit:
        parent = lab.refs()[HEAD]
    elif move == "integrate":
        for wave in (1, 2):
            lab.integrate(token, wave)
        held = lab.refs()
        lab.integrate(token, 2)
        assert lab.refs() == held, "I7 (idempotence)"
    if parent is None:
        return files
    on_top(lab, branch, {extra: f"{extra}\n"}, parent, base)
    return files | {extra}
