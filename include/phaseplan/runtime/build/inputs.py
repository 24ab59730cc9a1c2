"""The input key: same key and a passed verdict mean the branch need not be built again (invariant I14)."""

from __future__ import annotations

from include.phaseplan import __version__
from include.phaseplan.plan.digest import sha256, without_talk
from include.phaseplan.runtime import brief
from include.phaseplan.runtime.build.job import View
from include.phaseplan.runtime.engine import image_digest
from include.phaseplan.runtime.gates.diff import gate_digest
from include.phaseplan.runtime.records import State, Verdict


def key_of(view: View, workspace: str) -> str:
    """Digest of everything that a build and its verdict depend on.

    :param workspace: commit the agent starts from; only its tree counts (base and dependencies as the agent sees them).
    """
    profile = view.profile
    return sha256(
        {
            "version": __version__,
            "tree": view.job.repo.line("rev-parse", f"{workspace}^{{tree}}"),
            "branch": without_talk(view.branch.model_dump(mode="json")),
            "shared": [s.model_dump(mode="json") for s in view.plan.shared_with(view.branch.id)],
            "generated": [g.model_dump(mode="json") for g in view.plan.generated_files],
            "conventions": brief.conventions(view.job.repo, view.plan, workspace),
            "agent": profile.model_dump(mode="json"),
            "image": image_digest(view.job.client, profile.image),
            "gates": gate_digest(view.plan, view.branch, view.gate_profile),
        }
    )


def reusable(view: View, key: str) -> Verdict | None:
    """The newest verdict, when it passed on the same inputs and the run does not ask for new work."""
    verdicts = view.verdicts
    newest = verdicts[-1] if verdicts else None
    if view.run.rebuild == "always" or newest is None or newest.outcome != "passed" or newest.key != key:
        return None
    return None if view.snapshot.stopped(view.branch.id) else newest


def kept(view: View) -> Verdict | None:
    """The verdict of a branch that is integrated already.

    Integration only moves forward: taking a branch out again needs a revert, so what is in stays in.
    """
    record = view.ledger.branches.get(view.branch.id)
    return record.verdict if record is not None and record.state is State.INTEGRATED else None
