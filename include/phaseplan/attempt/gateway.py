"""Give an attempt its gateway, and read from it what the attempt used and what its provider did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phaseplan.attempt.job import View
from phaseplan.attempt.secrets import completed
from phaseplan.containers.engine import Found, find, look, stop
from phaseplan.containers.gateways import gateway as gateways
from phaseplan.containers.gateways.gateway import READY, Gateway, ended_first, gateway_of, open_gateway
from phaseplan.containers.gateways.record import GatewayRecord, Trouble, read_record, sentences
from phaseplan.containers.log_following import Cursor
from phaseplan.containers.network import PAIR
from phaseplan.containers.pid1 import LOST
from phaseplan.containers.redact import Redactor
from phaseplan.ledger.money.budgets import reserve
from phaseplan.ledger.money.usage import UNITS, Allowance, Usage
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget, amount

_REFUSED = (401, 402, 403)
_BUSY = (408, 409, 425, 429, 529)


@dataclass(frozen=True)
class Metered:
    """Hold what a gateway saw of its agent. Each sentence is empty where it does not apply.

    :param away: what is wrong with the provider, by its last answer.
    :param refused: whether that is the key.
    :param answers: whether the last that it said was an answer.
    :param retry_after: seconds after which it wants to be asked again.
    :param spent: which budget was used up, and by what.
    :param shared: whether that is one of several branches, of which this attempt had a part.
    :param refusal: what the provider answered last, where the agent could do nothing with that.
    :param broken: how the gateway itself ended before its agent.
    """

    usage: Usage | None = None
    away: str = ""
    refused: bool = False
    answers: bool = False
    retry_after: float | None = None
    spent: str = ""
    shared: bool = False
    refusal: str = ""
    broken: str = ""


def opened(view: View, attempt: int, profile: AgentProfile, secrets: dict[str, str]) -> Gateway | None:
    """Start the gateway of an attempt that is about to begin; None where its profile, which is complete, has none."""
    job = view.job
    if not profile.gateway:
        return None
    labels = view.labels(attempt, "agent")
    found = find(job.client, ledger=labels.ledger, phase=job.phase, branch=labels.branch, attempt=attempt)
    for left_over in gateways.orphans(found):  # of a start that died before its agent
        gateways.close_found(job.client, left_over)
    budget, allowance = _left(view), view.allowance
    limits = f"; left of its budget: {budget}" if budget else ""
    names = dict[str, str]()
    if allowance:
        budget = Budget.model_construct(tokens=allowance.tokens, usd=allowance.usd)
        limits = f"; it may use {allowance}"
        names = {unit: shared_part(allowance.source(unit)) for unit in UNITS if allowance.source(unit) != "branch"}
    made = open_gateway(
        job.client, job.here.gateway_image, profile, labels, secrets, budget, job.way_out(), names=names
    )
    hosts = f"; hosts: {', '.join(profile.egress)}" if profile.egress else ""
    job.say(f"The agent reaches nothing but its gateway, in network {made.network}{hosts}{limits}.")
    return made


def shared_part(name: str) -> str:
    """Name what an attempt has of a budget that branches share."""
    return f"this attempt's part of the {name}'s budget"


def reserved(view: View, snapshot: Snapshot) -> Allowance | None:
    """Decide what an attempt of this branch may use by a snapshot; see `ledger.money.budgets.reserve`."""
    return reserve(snapshot, view.branch.id, _left(view))


def _left(view: View) -> Budget | None:
    """Return what the claim's earlier attempts have left of the branch's budget; a Clear gives all of it again."""
    claimed = [v.usage for v in view.verdicts if v.claim == view.job.claim and v.gating == 1]
    return left_of(budget_of(view), [usage for usage in claimed if usage is not None])


def left_of(budget: Budget | None, usages: Sequence[Usage]) -> Budget | None:
    """Return what attempts have left of a budget. Dollars that are known count, whatever else has no known price."""
    if budget is None or not usages:
        return budget
    tokens = None if budget.tokens is None else max(0, budget.tokens - sum(usage.tokens for usage in usages))
    usd = None if budget.usd is None else max(0.0, budget.usd - sum(usage.usd for usage in usages))
    return Budget.model_construct(tokens=tokens, usd=usd)  # of which nothing may be left


def budget_of(view: View) -> Budget | None:
    """Return the budget of a branch: its own, else its agent profile's."""
    return view.branch.budget or view.profile.budget


def metered(view: View, agent: Found, redact: Redactor) -> Metered:
    """Stop the gateway of an ended agent, show what it said, and read its record; doing it again gives the same.

    :raises BadRecord: the record is none.
    """
    if PAIR not in agent.marks:
        return Metered()
    client = view.job.client
    gateway = gateway_of(client, agent)
    if gateway is None:
        return Metered(broken="the gateway between the agent and its model was removed while the agent ran")
    ran = gateway.status == "running"
    if ran:
        stop(client, gateway.id, grace=5)
        gateway = look(client, gateway.id)
        heard = view.job.heard
        place = Cursor(heard.gateway if heard is not None and heard.container == agent.id else "")
        for line in sentences(client, gateway.id, redact, place):
            if line != READY:
                view.job.say(f"Gateway: {line}")
    record = read_record(client, gateway.id)
    if ran and record is not None and record.calls:
        view.job.say(f"Used {redact(str(record.usage))} in {record.calls} calls.")
    started = view.snapshot.started.get(view.branch.id, {}).get(agent.labels.attempt)
    return _judged(view, record, broken(agent, gateway), started.allowance if started else None)


def broken(agent: Found, gateway: Found) -> str:
    """Say how a gateway ended that did so before its agent; one that was stopped as its agent was is not at fault."""
    if agent.stopped and gateway.exit_code in (0, LOST):
        return ""
    how = ended_first(agent, gateway)
    return f"the gateway between the agent and its model {how}" if how else ""


def _judged(view: View, record: GatewayRecord | None, broken: str, allowance: Allowance | None) -> Metered:
    if record is None:  # it was asked for nothing
        return Metered(usage=Usage() if allowance else None, broken=broken)
    trouble = record.trouble
    spent, shared = _spent(view, record, allowance) if record.budget == "spent" else ("", False)
    return Metered(
        usage=record.usage,
        away=trouble_words(trouble, view.profile_name, completed(view)) if trouble else "",
        refused=trouble is not None and trouble.status in _REFUSED,
        answers=record.answers,
        retry_after=trouble.retry_after if trouble else None,
        spent=spent,
        shared=shared,
        refusal=str(record.refusal or ""),
        broken=broken,
    )


def _spent(view: View, record: GatewayRecord, allowance: Allowance | None) -> tuple[str, bool]:
    """Say which budget an attempt has used up, and whether it is one that branches share."""
    unit = allowance.ended_by(record.usage) if allowance else None
    name = allowance.source(unit) if allowance and unit else "branch"
    if allowance and name != "branch":
        part = amount(allowance.tokens, None) if unit == "tokens" else amount(None, allowance.usd)
        return f"{shared_part(name)}, {part}, is spent; it used {record.usage}", True
    if (budget := budget_of(view)) is None:
        return "", False
    where = "its entry in the plan" if view.branch.budget else f"agent profile {view.profile_name}"
    return (
        f"the budget of {budget} ({where}) is spent; this attempt used {record.usage}: give the branch more, "
        "or less to do; then Clear the task, which begins with the whole budget"
    ), False


def trouble_words(trouble: Trouble, name: str, profile: AgentProfile) -> str:
    """Say what is wrong with the provider of a profile, and who mends it."""
    status = trouble.status
    words = " ".join(filter(None, (str(status) if status else "", trouble.message)))
    if status in _REFUSED:
        source = profile.sources[profile.key_variable].connection if profile.key_variable else "?"
        return f"the provider refuses the key of profile {name} ({words}): mend the Airflow connection `{source}`"
    if status in _BUSY:
        pause = f", and asks to wait {trouble.retry_after:.0f} s" if trouble.retry_after else ""
        return f"the provider lets profile {name} in no more for now ({words}){pause}: its limits are the account's"
    if 300 <= status < 400:
        return f"the provider of profile {name} sends its callers elsewhere ({words}): mend its `endpoint`"
    if not status:
        where = profile.provider.base_url if profile.provider else "its address"
        return f"the provider of profile {name} cannot be reached at {where} ({words}): look at network and endpoint"
    return f"the provider of profile {name} is in trouble ({words}): it is asked again later"
