"""The invariants of docs/design/merge.md on real repositories: random waves, crashes at pushes, races, stale runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phaseplan.ledger import refs
from phaseplan.ledger.records import State, Token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.merging.reconcile import derived, reconcile
from phaseplan.merging.workspace import DependencyOut
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import entries
from phaseplan.repository.refusals import Refused
from tests.git.lab import PHASE, Content, Lab, plan_of
from tests.git.machine.mutations import the_ledger_comes_without_its_head
from tests.git.trouble import Died, dying_at

HEAD = refs.integration(PHASE)
BASE = {"f": "one\ntwo\nthree\n", "list": "a\nz\n", "src/0": "0\n", "gen/all": "0\n"}
GENERATED = [{"paths": ["/gen/**"], "command": "cat src/* > gen/all"}]
EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "4"))  # campaigns; a soak takes 100
WORK = ("own", "line one", "line three", "union", "generated")


def files(branch: str, work: Sequence[str]) -> dict[str, Content]:
    """What a branch does to its workspace, by kind of work."""
    found: dict[str, Content] = {"own/" + branch: f"{branch}\n"} if "own" in work else {f"own/{branch}": "x\n"}
    if "union" in work:
        found["list"] = lambda text: text.replace("z\n", f"{branch}\nz\n")
    if "generated" in work:
        found |= {"gen/all": lambda text: f"{text}{branch}\n", f"src/{branch}": f"{branch}\n"}
    lines = [kind[5:] for kind in work if kind.startswith("line")]
    if lines:
        found["f"] = lambda text: "".join(
            f"{x} by {branch}\n" if x.split()[0] in lines else f"{x}\n" for x in text.splitlines()
        )
    return found


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[PhasePlan, dict[str, Any], list[list[str]]]:
    """A plan of two waves, what each branch does, and two orders in which branches of a wave arrive."""
    ids = ["1", "2", "3", "4", "5"][: draw(st.integers(3, 5))]
    cut = draw(st.integers(1, len(ids)))
    deps = {
        b: draw(st.lists(st.sampled_from(ids[:i]), unique=True, max_size=2)) if i else [] for i, b in enumerate(ids)
    }
    waves = [w for w in ({b: deps[b] for b in ids[:cut]}, {b: deps[b] for b in ids[cut:]}) if w]
    work = {
        b: (draw(st.lists(st.sampled_from(WORK), unique=True, max_size=3)), draw(st.integers(0, 5)) == 0) for b in ids
    }
    union = [{"path": "list", "owner": "1", "branches": ids[1:], "merge": "union"}]
    plan = plan_of(*waves, validate=[["true"], ["true"]], shared_files=union, generated_files=GENERATED)
    return plan, work, [ids, draw(st.permutations(ids))]


def carry_out(lab: Lab, plan: PhasePlan, work: dict[str, Any], order: Sequence[str]) -> list[str]:
    """One run, branches arriving in `order` as far as dependencies let them; integration after each wave."""
    token, heads = lab.open(plan), []
    for wave in plan.waves:
        left = [b for b in order if plan.wave_of[b] == wave.wave]
        while left:
            branch = next(b for b in left if not set(plan.by_id[b].depends_on) & set(left))
            left.remove(branch)
            build(lab, token, branch, work)
        head = lab.integrate(token, wave.wave).head
        heads += [head] if head else []
        before = lab.refs()
        assert lab.integrate(token, wave.wave).head == head and lab.refs() == before, "I7 (idempotence)"
    lab.close(token)
    return heads


def build(lab: Lab, token: Token, branch: str, work: dict[str, Any]) -> None:
    kinds, fails = work[branch]
    try:
        lab.build(
            token, branch, files(branch, kinds), outcome="failed" if fails else "passed", reason="gate" if fails else ""
        )
    except (DependencyOut, AssertionError) as out:  # conflicting dependencies block a branch; see Workspace.conflict
        assert isinstance(out, DependencyOut) or "Conflict" in str(out), out


def check(lab: Lab, heads: Sequence[str]) -> None:
    """I1, I2, I3, I8, I9, I10 on what the refs say."""
    snapshot, held = lab.read(), lab.refs()
    ledger = snapshot.folded()
    assert derived(snapshot) == [], "I10 (recovery)"
    assert held.get(HEAD) == ledger.integration, "I10 (recovery)"
    tip = ledger.integration
    assert snapshot.pinned is not None
    for branch in snapshot.pinned.plan:
        record = ledger.branches.get(branch.id)
        inside = record is not None and record.state is State.INTEGRATED
        judged = snapshot.verdicts.get(branch.id, ())
        if judged and judged[-1].commit and tip:
            assert lab.repo.is_ancestor(judged[-1].commit, tip) == inside, "I1 (in means in)"
        if inside:
            assert all(ledger.branches[d].state is State.INTEGRATED for d in branch.depends_on), "I3 (closed)"
        if record and record.state is State.ISOLATED and record.verdict:
            assert record.verdict.outcome == "failed" or record.verdict.findings, "I4 (reason)"
            assert f"refs/heads/{branch.branch}" not in held, "isolated names are withdrawn"
    for older, newer in pairwise(heads):
        assert lab.repo.is_ancestor(older, newer), "I9 (forward)"
    gated = {commit for commit, _ in lab.bench.gated}
    assert not heads or set(heads) <= gated, "I2 (gated)"
    if tip:
        conserved(lab, tip, {b for b, r in ledger.branches.items() if r.state is State.INTEGRATED})


def conserved(lab: Lab, tip: str, inside: set[str]) -> None:
    """I8, by the content that only one branch can have written."""
    snapshot, found = lab.read(), entries(lab.repo, tip)
    own = {p.split("/")[1] for p in found if p.startswith("own/")}
    assert own <= inside, "I8 (conservation)"
    for branch in inside:
        commit = snapshot.verdicts[branch][-1].commit or ""
        mine = {p: e for p, e in entries(lab.repo, commit).items() if p == f"own/{branch}"}
        assert mine.items() <= found.items(), "I8 (conservation)"
        union = lab.repo.run("show", f"{commit}:list").out.split()
        assert set(union) <= set(lab.repo.run("show", f"{tip}:list").out.split()), "I8: union keeps both sides"
    sources = "".join(lab.repo.run("show", f"{tip}:{p}").out for p in sorted(found) if p.startswith("src/"))
    assert lab.repo.run("show", f"{tip}:gen/all").out == sources, "generated files are fresh"


@settings(  # shrinking would repeat whole runs for minutes: the failing campaign is small as it is
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(campaigns())
def test_random_waves_in_any_order_give_the_same_integration(
    campaign: tuple[PhasePlan, dict[str, Any], list[list[str]]],
) -> None:
    plan, work, orders = campaign
    ends = []
    for order in orders:
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(Path(folder), BASE)
            heads = carry_out(lab, plan, work, order)
            check(lab, heads)
            ends.append((heads, {b: str(lab.state(b)) for b in work}))
    assert ends[0] == ends[1], "I6 (order-free)"


def test_a_run_that_dies_at_every_push_ends_like_one_that_never_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of({"1": [], "2": []}, {"3": ["1"]}, validate=[["true"], ["true"]])
    work = {b: (["own", "line one"], False) for b in "123"}
    (tmp_path / "a").mkdir()
    calm = Lab(tmp_path / "a", BASE)
    heads = carry_out(calm, plan, work, "123")
    calm_refs = {r: s for r, s in calm.refs().items() if r.startswith("refs/heads/")}

    (tmp_path / "b").mkdir()
    lab, deaths, seen = Lab(tmp_path / "b", BASE), 0, list[str]()
    token: Token | None = None

    def opened() -> Token:
        assert token is not None
        return token

    steps: list[Callable[[Lab], object]] = [
        lambda w: w.open(plan),
        lambda w: build(w, opened(), "1", work),
        lambda w: build(w, opened(), "2", work),
        lambda w: w.integrate(opened(), 1),
        lambda w: build(w, opened(), "3", work),
        lambda w: w.integrate(opened(), 2),
        lambda w: w.close(opened()),
    ]
    for number, step in enumerate(steps):
        result, died = repeated(step, lab, tmp_path / f"step-{number}", monkeypatch, seen)
        deaths += died
        token = result if isinstance(result, Token) else token
    assert deaths >= 14
    assert {r: s for r, s in lab.refs().items() if r.startswith("refs/heads/")} == calm_refs
    assert lab.refs()[HEAD] == heads[-1], "I6 (order-free)"
    lab.bench = calm.bench
    check(lab, seen)
    assert list(lab.read().attempts.items()) == [(b, {1: s[1]}) for b, s in calm.read().attempts.items()]


def repeated(
    step: Callable[[Lab], object], lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch, seen: list[str]
) -> tuple[object, int]:
    """Let a new worker do a step until one does not die at its first push.

    :return: what the step came to, and how many workers died.
    """
    for deaths, after in enumerate((False, True, True, True, True, True, True)):
        worker = lab.another_worker(folder / f"{deaths}.git")
        with monkeypatch.context() as patch:
            dying_at(1, after=after, monkeypatch=patch)
            try:
                return step(worker), deaths
            except Died:
                assert_sound(lab, seen)
    pytest.fail("a step does not get done by being repeated")


def assert_sound(lab: Lab, seen: list[str]) -> None:
    """What must hold at every moment, also before recovery: integration is what a ledger said, and only grows."""
    held = lab.refs().get(HEAD)
    if held is None:
        return
    lab.read()
    said = lab.repo.run("log", "--format=%P", lab.read().opened.commit or "").out.split()
    assert held in said
    if seen and seen[-1] != held:
        assert lab.repo.is_ancestor(seen[-1], held), "I9 (forward)"
    if not seen or seen[-1] != held:
        seen.append(held)


def recovered_without_integration(lab: Lab, tmp_path: Path) -> Snapshot:
    """Integrate, lose integration's branch and what only it held, and reconcile on another machine."""
    token = lab.open(plan_of({"1": []}))
    lab.build(token, "1", {"one": "1\n"})
    lab.integrate(token, 1)
    lab.push(HEAD, None)
    lab.target.run("reflog", "expire", "--expire=now", "--all")
    lab.target.run("gc", "--quiet", "--prune=now")
    other = lab.another_worker(tmp_path / "other.git")
    return reconcile(other.repo, other.remote, PHASE)


def test_recovery_needs_nothing_of_the_dead_worker(lab: Lab, tmp_path: Path) -> None:
    """The merge commits come with the ledger."""
    assert recovered_without_integration(lab, tmp_path).heads[HEAD] == lab.refs()[HEAD]
    assert lab.state("1") == "integrated" and derived(lab.read()) == []


def test_recovery_fails_where_the_ledger_comes_without_its_head(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the test above can fail."""
    the_ledger_comes_without_its_head(monkeypatch)
    with pytest.raises(Refused, match="unpacker error"):
        recovered_without_integration(lab, tmp_path)
