"""Open a phase for a run: reconcile, pin base and plan, begin a new epoch."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phaseplan.ledger.records import Pinned, RunRecord, Token, changed, now
from phaseplan.ledger.run import check_token, settle_unfinished
from phaseplan.ledger.run_history import abandoned
from phaseplan.ledger.write import Change, Snapshot, update
from phaseplan.merging.base import resolve_base
from phaseplan.merging.reconcile import reconcile
from phaseplan.phase.merged import with_merged
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.run_request import RunRequest, check_agent
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Seen:
    """Hold what the look ahead has read already: the commit that the base's name means, and the phase before."""

    base: str
    snapshot: Snapshot


@dataclass(frozen=True)
class Opened:
    """Hold a run that holds the ledger, and the phase as it is now."""

    token: Token
    snapshot: Snapshot


def open_phase(
    remote: Remote,
    repo: GitRepo,
    plan: PhasePlan,
    profiles: Mapping[str, AgentProfile],
    *,
    run_id: str,
    base_name: str,
    **more: Any,
) -> Token:
    """Take over the ledger for a run without an earlier look ahead; see `take_over`."""
    request = RunRequest.model_validate({"base": base_name, **more})
    return take_over(remote, repo, plan, profiles, run_id, request).token


def take_over(
    remote: Remote,
    repo: GitRepo,
    plan: PhasePlan,
    profiles: Mapping[str, AgentProfile],
    run_id: str,
    request: RunRequest,
    seen: Seen | None = None,
) -> Opened:
    """Take over the ledger for a run: reconcile, pin base and plan, begin a new epoch.

    Doing it again for the same run with the same inputs gives the same token; only a new budget is taken over.

    :raises InputFault: the plan has no such branch, or a run that begins asks for an agent that there is not.
    :raises BaseMissing: there is no such branch, tag or commit; nothing was created.
    :raises Refused, NameClash: the target will not have the ledger, or the integration branch; nothing was created.
    """
    chosen = request.selection(tuple(plan.by_id), f"phase {plan.phase} has no")
    base = seen.base if seen else resolve_base(remote, repo, plan, request.base)
    before = reconcile(repo, remote, plan.phase, snapshot=seen.snapshot if seen else None)
    base = with_merged(repo, base, before)
    wanted: dict[str, Any] = {"base": base, "plan": plan_digest(plan), **request.recorded(), "branches": chosen}

    def change(snapshot: Snapshot) -> Change | None:
        old = snapshot.run
        if old and old.id == run_id and old.closed is None and all(getattr(old, k) == v for k, v in wanted.items()):
            return _with_budget(snapshot, plan)
        check_agent(request.agent, profiles)  # one that was begun has its profiles pinned
        run = RunRecord.model_validate({**wanted, "id": run_id, "epoch": old.epoch + 1 if old else 1, "opened": now()})
        if old and old.id == run_id:
            run = changed(run, due=old.due)  # begun again: what it has decided stays part of its story
        ledger = snapshot.folded() if snapshot.ledger else changed(snapshot.folded(), id=uuid.uuid4().hex)
        dead = [b for b, claims in snapshot.started.items() if claims[max(claims)].run != run_id]
        ledger, lines = settle_unfinished(plan, ledger, dead)
        pinned = Pinned(plan=plan, profiles=dict(profiles))
        trial = base if seen and not snapshot.ledger else None  # hooks and rules answer nothing less than a push
        ledger = changed(ledger, run=run, told={})
        return Change(ledger, lines, pinned=pinned, night=abandoned(snapshot, run_id), trial=trial)

    after = update(repo, remote, plan.phase, change, snapshot=before)
    snapshot = reconcile(repo, remote, plan.phase, snapshot=after)
    token = Token(run=run_id, epoch=snapshot.run.epoch if snapshot.run else 0, base=base, plan=str(wanted["plan"]))
    check_token(snapshot, token)
    return Opened(token, snapshot)


def _with_budget(snapshot: Snapshot, plan: PhasePlan) -> Change | None:
    """Pin the budget of a run that goes on, which a person may raise while it runs; None: it is the same."""
    pinned = snapshot.pinned
    if pinned is None or pinned.plan.budget == plan.budget:
        return None
    return Change(snapshot.folded(), pinned=changed(pinned, plan=pinned.plan.with_(budget=plan.budget)))
