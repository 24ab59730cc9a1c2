"""INTEGRATION.md's invariants on real repositories: random waves, crashes at every push, races, stale runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phaseplan.errors import Infrastructure, Stale
from phaseplan.ledger import refs
from phaseplan.ledger.records import Finding, State, Token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.merging.reconcile import derived, reconcile
from phaseplan.merging.workspace import DependencyOut
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import entries
from phaseplan.repository.refusals import Refused
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.integrate import WaveRed
from tests.git.lab import PHASE, Content, Lab, LocalBench, plan_of
from tests.git.machine.mutations import the_ledger_comes_without_its_head

HEAD = refs.integration(PHASE)
BASE = {"f": "one\ntwo\nthree\n", "list": "a\nz\n", "src/0": "0\n", "gen/all": "0\n"}
GENERATED = [{"paths": ["/gen/**"], "command": "cat src/* > gen/all"}]
EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "6"))  # campaigns; a soak takes 100
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
        assert lab.integrate(token, wave.wave).head == head and lab.refs() == before, "I7"
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
    assert derived(snapshot) == [], "I10"
    assert held.get(HEAD) == ledger.integration, "I10"
    tip = ledger.integration
    assert snapshot.pinned is not None
    for branch in snapshot.pinned.plan:
        record = ledger.branches.get(branch.id)
        inside = record is not None and record.state is State.INTEGRATED
        judged = snapshot.verdicts.get(branch.id, ())
        if judged and judged[-1].commit and tip:
            assert lab.repo.is_ancestor(judged[-1].commit, tip) == inside, "I1"
        if inside:
            assert all(ledger.branches[d].state is State.INTEGRATED for d in branch.depends_on), "I3"
        if record and record.state is State.ISOLATED and record.verdict:
            assert record.verdict.outcome == "failed" or record.verdict.findings, "I4"
            assert f"refs/heads/{branch.branch}" not in held, "isolated names are withdrawn"
    for older, newer in pairwise(heads):
        assert lab.repo.is_ancestor(older, newer), "I9"
    gated = {commit for commit, _ in lab.bench.gated}
    assert not heads or set(heads) <= gated, "I2"
    if tip:
        conserved(lab, tip, {b for b, r in ledger.branches.items() if r.state is State.INTEGRATED})


def conserved(lab: Lab, tip: str, inside: set[str]) -> None:
    """I8, by the content that only one branch can have written."""
    snapshot, found = lab.read(), entries(lab.repo, tip)
    own = {p.split("/")[1] for p in found if p.startswith("own/")}
    assert own <= inside, "I8"
    for branch in inside:
        commit = snapshot.verdicts[branch][-1].commit or ""
        mine = {p: e for p, e in entries(lab.repo, commit).items() if p == f"own/{branch}"}
        assert mine.items() <= found.items(), "I8"
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
    assert ends[0] == ends[1], "I6"


class Died(BaseException):
    """The worker is gone."""


def dying_at(n: int, *, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nth push from now that would move a ref dies before it, or after it has landed and nobody could say so."""
    real, calls = Remote.push, [0]

    def push(self: Remote, repo: GitRepo, updates: Sequence[Update]) -> bool:
        held = self.refs()
        calls[0] += any(held.get(u.ref) != u.new for u in updates)
        if calls[0] == n and not after:
            raise Died
        landed = real(self, repo, updates)
        if calls[0] == n:
            raise Died
        return landed

    monkeypatch.setattr(Remote, "push", push)


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
    lab, deaths, workers, seen = Lab(tmp_path / "b", BASE), 0, 0, list[str]()
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
    for step in steps:
        for after in (False, True, True, True, True, True, True):
            workers += 1
            worker = lab.another_worker(tmp_path / f"w{workers}.git")
            with monkeypatch.context() as patch:
                dying_at(1, after=after, monkeypatch=patch)
                try:
                    result = step(worker)
                except Died:
                    deaths += 1
                    assert_sound(lab, seen)
                    continue
            break
        else:
            pytest.fail("a step does not get done by being repeated")
        token = result if isinstance(result, Token) else token
    assert deaths >= 14
    assert {r: s for r, s in lab.refs().items() if r.startswith("refs/heads/")} == calm_refs
    assert lab.refs()[HEAD] == heads[-1], "I6"
    lab.bench = calm.bench
    check(lab, seen)
    assert list(lab.read().attempts.items()) == [(b, {1: s[1]}) for b, s in calm.read().attempts.items()]


def assert_sound(lab: Lab, seen: list[str]) -> None:
    """What must hold at every moment, also before recovery: integration is what a ledger said, and only grows."""
    held = lab.refs().get(HEAD)
    if held is None:
        return
    lab.read()
    said = lab.repo.run("log", "--format=%P", lab.read().ledger_commit or "").out.split()
    assert held in said
    if seen and seen[-1] != held:
        assert lab.repo.is_ancestor(seen[-1], held), "I9"
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


def test_a_missing_public_name_is_made_by_whoever_comes_next(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}))
    verdict = lab.build(token, "1", {"one": "1\n"})
    lab.push("refs/heads/feature/b1", None)
    assert reconcile(lab.repo, lab.remote, PHASE).heads["refs/heads/feature/b1"] == verdict.commit


class Interrupted(LocalBench):
    """A bench in whose middle something happens once."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens: Callable[[], object] | None = happens

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return super().run(repo, commit, commands, title=title)


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
    assert lab.refs() == after and HEAD not in after, "I13"


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
    assert lab.refs() == before and lab.state("1") == lab.state("2") == "passed", "I11"
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
