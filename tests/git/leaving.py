"""How branches leave integration and return, and what must hold after every step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import State, Verdict, now
from phaseplan.merging.integration_line import Act, Story, live, stories
from phaseplan.merging.reconcile import derived
from phaseplan.phase.take_out import TakenOut, take_out
from phaseplan.plan.graph import transitive
from phaseplan.plan.model import PhasePlan
from tests.git.lab import PHASE, Content, Lab, commit_files, plan_of

HEAD = refs.integration(PHASE)
RUN = "run-1"


def out(lab: Lab, branch: str, reason: str = "it leaks") -> TakenOut:
    return take_out(lab.remote, lab.repo, lab.bench, PHASE, branch, reason)


def own(branch: str) -> dict[str, Content]:
    return {f"own/{branch}/one": f"{branch} one\n", f"own/{branch}/two": f"{branch} two\n"}


def inside(lab: Lab) -> set[str]:
    """Which branches' own files integration holds."""
    lab.show(lab.refs()[HEAD], "README")
    listed = lab.repo.run("ls-tree", "-r", "--name-only", lab.refs()[HEAD]).out.split()
    return {p.split("/")[1] for p in listed if p.startswith("own/")}


def on_top(lab: Lab, branch: str, files: Mapping[str, str | None], parent: str, base: str | None = None) -> Verdict:
    """Attempt n + 1 of a branch, built on a commit of somebody's choice, judged and passed."""
    snapshot = lab.read()
    assert snapshot.pinned and snapshot.ledger and snapshot.ledger.run
    plan, run = snapshot.pinned.plan.by_id[branch], snapshot.ledger.run.id
    number = results.claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, plan, parent, f"again-{now()}", run))
    head = commit_files(lab.repo, parent, files, f"{branch} attempt {number}")
    results.keep_attempt(lab.repo, lab.remote, PHASE, branch, number, head)
    return judged(lab, branch, number, 1, head, base or parent)


def judged(lab: Lab, branch: str, number: int, gating: int, head: str, base: str) -> Verdict:
    plan = lab.read().pinned.plan.by_id[branch]
    verdict = Verdict(
        phase=PHASE,
        branch=branch,
        attempt=number,
        gating=gating,
        run=RUN,
        claim=f"again/{number}.{gating}",
        outcome="passed",
        base=base,
        raw=head,
        commit=head,
        name=refs.public_name(plan, number),
        finished=now(),
    )
    results.publish_result(lab.repo, lab.remote, verdict, head)
    assert results.publish_name(lab.repo, lab.remote, plan, verdict)
    return verdict


def gated_again(lab: Lab, branch: str) -> Verdict:
    """The same commit passes its gates once more."""
    old = lab.read().verdicts[branch][-1]
    return judged(lab, branch, old.attempt, old.gating + 1, old.commit or "", old.base)


def sound(lab: Lab, plan: PhasePlan, heads: list[str]) -> None:
    """I1, I2, I3, I8, I9, I10."""
    snapshot, held = lab.read(), lab.refs()
    assert derived(snapshot) == [], "I10 (recovery)"
    ledger = snapshot.folded()
    tip = ledger.integration
    assert tip is not None and held[HEAD] == tip, "I10 (recovery)"
    if not heads or heads[-1] != tip:
        assert not heads or lab.repo.is_ancestor(heads[-1], tip), "I9 (forward)"
        heads.append(tip)
    integrated = {b for b, r in ledger.branches.items() if r.state is State.INTEGRATED}
    assert all(set(transitive(plan, b)) <= integrated for b in integrated), "I3 (closed)"
    assert inside(lab) == integrated, "I8 (conservation)"
    told = stories(lab.repo, tip)
    for branch in plan:
        record = ledger.branches.get(branch.id)
        in_now = live(told, branch.id)
        assert bool(in_now) == (branch.id in integrated), "I1 (in means in)"
        assert record is None or bool(record.revert) == (record.cause == "taken_out")
        for number, commit in snapshot.attempts.get(branch.id, {}).items():
            assert held[refs.attempt(PHASE, branch.id, number)] == commit, "I9 (forward)"
    for story in told:
        for put, taken in pairwise(story.acts):
            if taken.kind == "revert":
                assert all(away(t, put, taken) for t in told if story.branch in transitive(plan, t.branch)), (
                    "I1 (in means in)"
                )
    if tip in heads and any(wave.validation for wave in plan.waves) and integrated:
        assert tip in {commit for commit, _ in lab.bench.gated}, "I2 (gated)"


def away(story: Story, put: Act, taken: Act) -> bool:
    """Whether nothing that needs a branch was in when it left, unless it came in before it."""
    before = [act for act in story.acts if act.place < taken.place]
    return not before or before[-1].kind == "revert" or before[-1].place < put.place


PLAN = plan_of({"1": [], "2": []}, {"3": ["1"], "4": ["3"]}, validate=[["test -e README"], ["true"]])


def brought(lab: Lab, wanted: Mapping[str, set[str]]) -> None:
    """I8: an integrated branch whose newest attempt is in has exactly the files it should have, its own content."""
    snapshot = lab.read()
    ledger = snapshot.folded()
    for branch, files in wanted.items():
        record = ledger.branches[branch]
        if record.state is State.INTEGRATED and record.commit == snapshot.verdicts[branch][-1].commit:
            where = ("ls-tree", "-r", "--name-only", ledger.integration or "", f"own/{branch}/")
            assert set(lab.repo.run(*where).out.split()) == files, "I8 (conservation)"
