"""Give an attempt its gateway, and read from it what the attempt used and what its provider did."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.attempt.job import View
from phaseplan.attempt.secrets import completed
from phaseplan.containers import gateway as gateways
from phaseplan.containers.engine import Found, find, look, stop
from phaseplan.containers.gateway import READY, Gateway, gateway_of, open_gateway
from phaseplan.containers.gateway_record import GatewayRecord, Trouble, read_record, sentences
from phaseplan.containers.log_following import Cursor
from phaseplan.containers.network import PAIR
from phaseplan.containers.pid1 import LOST
from phaseplan.containers.redact import Redactor
from phaseplan.ledger.records import moment
from phaseplan.ledger.usage import Usage, summed
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget

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
    :param broken: how the gateway itself ended before its agent.
    """

    usage: Usage | None = None
    away: str = ""
    refused: bool = False
    answers: bool = False
    retry_after: float | None = None
    spent: str = ""
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
    budget = _left(view)
    made = open_gateway(job.client, job.here.gateway_image, profile, labels, secrets, budget, job.way_out())
    limits = f"; left of its budget: {_amount(budget)}" if budget else ""
    hosts = f"; hosts: {', '.join(profile.egress)}" if profile.egress else ""
    job.say(f"The agent reaches nothing but its gateway, in network {made.network}{hosts}{limits}.")
    return made


def _left(view: View) -> Budget | None:
    """Return what the claim's earlier attempts have left of the branch's budget; a Clear gives all of it again."""
    budget = budget_of(view)
    used = summed(v.usage for v in view.verdicts if v.claim == view.job.claim and v.gating == 1)
    if budget is None or used is None:
        return budget
    tokens = None if budget.tokens is None else max(0, budget.tokens - used.tokens)
    usd = None if budget.usd is None else max(0.0, budget.usd - used.usd)
    return Budget.model_construct(tokens=tokens, usd=usd)  # of which nothing may be left


def budget_of(view: View) -> Budget | None:
    """Return the budget of a branch: its own, else its agent profile's."""
    return view.branch.budget or view.profile.budget


def _amount(budget: Budget) -> str:
    tokens = f"{budget.tokens:,} tokens" if budget.tokens is not None else ""
    usd = f"${budget.usd:.2f}" if budget.usd is not None else ""
    return " and ".join(filter(None, (tokens, usd)))


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
    return _judged(view, record, _broken(agent, gateway))


def _broken(agent: Found, gateway: Found) -> str:
    """Say how a gateway ended that did so before its agent; one that was stopped as its agent was is not at fault."""
    if agent.stopped and gateway.exit_code in (0, LOST):
        return ""
    if gateway.status == "exited" and agent.finished_at and moment(gateway.finished_at) < moment(agent.finished_at):
        memory = ", out of memory" if gateway.oom else ""
        return f"the gateway between the agent and its model ended first (exit code {gateway.exit_code}{memory})"
    return ""


def _judged(view: View, record: GatewayRecord | None, broken: str) -> Metered:
    if record is None:
        return Metered(broken=broken)
    trouble, budget = record.trouble, budget_of(view)
    return Metered(
        usage=record.usage,
        away=trouble_words(trouble, view.profile_name, completed(view)) if trouble else "",
        refused=trouble is not None and trouble.status in _REFUSED,
        answers=record.answers,
        retry_after=trouble.retry_after if trouble else None,
        spent=_spent(view, record, budget) if record.budget == "spent" and budget else "",
        broken=broken,
    )


def _spent(view: View, record: GatewayRecord, budget: Budget) -> str:
    where = "its entry in the plan" if view.branch.budget else f"agent profile {view.profile_name}"
    return (
        f"the budget of {_amount(budget)} ({where}) is spent; this attempt used {record.usage}: give the branch more, "
        "or less to do; then Clear the task, which begins with the whole budget"
    )


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
    if not status:
        where = profile.provider.base_url if profile.provider else "its address"
        return f"the provider of profile {name} cannot be reached at {where} ({words}): look at network and endpoint"
    return f"the provider of profile {name} is in trouble ({words}): it is asked again later"
