"""Open a phase for a run: reconcile, pin base and plan, begin a new epoch."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from phaseplan.errors import InputFault
from phaseplan.ledger.records import Pinned, RunRecord, Token, changed, now
from phaseplan.ledger.run import check_token, settle_unfinished
from phaseplan.ledger.run_history import abandoned
from phaseplan.ledger.write import Change, Snapshot, update
from phaseplan.merging.base import resolve_base
from phaseplan.merging.reconcile import reconcile
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan, Start
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo


def open_phase(
    remote: Remote,
    repo: GitRepo,
    plan: PhasePlan,
    profiles: Mapping[str, AgentProfile],
    *,
    run_id: str,
    base_name: str,
    start: Start,
    branches: Sequence[str] = (),
    agent: str | None = None,
    rebuild: Literal["auto", "always"] = "auto",
) -> Token:
    """Take over the ledger for a run: reconcile, pin base and plan, begin a new epoch.

    Doing it again for the same run with the same inputs gives the same token.

    :raises BaseMissing: there is no such branch, tag or commit; nothing was created.
    """
    _known(plan, branches)
    base = resolve_base(remote, repo, plan, base_name)
    reconcile(repo, remote, plan.phase)
    wanted: dict[str, Any] = {"base": base, "base_name": base_name, "plan": plan_digest(plan), "start": start}
    wanted |= {"branches": tuple(branches), "agent": agent, "rebuild": rebuild}

    def change(snapshot: Snapshot) -> Change | None:
        old = snapshot.ledger.run if snapshot.ledger else None
        if old and old.id == run_id and old.closed is None and all(getattr(old, k) == v for k, v in wanted.items()):
            return None
        run = RunRecord.model_validate({**wanted, "id": run_id, "epoch": old.epoch + 1 if old else 1, "opened": now()})
        if old and old.id == run_id:
            run = changed(run, due=old.due)  # begun again: what it has decided stays part of its story
        ledger = snapshot.folded() if snapshot.ledger else changed(snapshot.folded(), id=uuid.uuid4().hex)
        dead = [b for b, claims in snapshot.started.items() if claims[max(claims)].run != run_id]
        ledger, lines = settle_unfinished(plan, ledger, dead)
        pinned = Pinned(plan=plan, profiles=dict(profiles))
        return Change(changed(ledger, run=run, told={}), lines, pinned=pinned, night=abandoned(snapshot, run_id))

    update(repo, remote, plan.phase, change)
    snapshot = reconcile(repo, remote, plan.phase)
    run = snapshot.ledger.run if snapshot.ledger else None
    token = Token(run=run_id, epoch=run.epoch if run else 0, base=base, plan=str(wanted["plan"]))
    check_token(snapshot, token)
    return token


def _known(plan: PhasePlan, branches: Sequence[str]) -> None:
    if unknown := [b for b in branches if b not in plan.by_id]:
        raise InputFault(f"phase {plan.phase} has no branch {', '.join(unknown)}; it has {', '.join(plan.by_id)}")
