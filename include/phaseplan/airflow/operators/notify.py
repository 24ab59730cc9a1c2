"""Send notifications through any Airflow notifier the operator has defined; never fail a task by it."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, get_args

from airflow.sdk import BaseNotifier

from phaseplan.airflow.addresses import board_url
from phaseplan.config.settings import settings
from phaseplan.ledger.money.budget_news import level_of
from phaseplan.ledger.money.budgets import SharedBudget
from phaseplan.ledger.money.usage import Spent
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.plan import names
from phaseplan.plan.campaign import load_notifiers
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.notifiers import NotifierProfile
from phaseplan.plan.notify import Event, Notify
from phaseplan.text.clean import clean
from phaseplan.text.program import PROGRAM

log = logging.getLogger(__name__)

PATIENCE = 30.0  # seconds for one notifier: a mail server that hangs must not hold a wave
_KEYS = ("event", "phase", "title", "wave", "branch", "reason", "next_step", "used", "board", "message", "slack")
#: Slack acts on <!channel>, <@name> and <address|text>: the signs that it asks senders to escape.
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
#: What a digest tells of; who is to act at once, as where a provider refuses its key, is told at once all the same.
_IN_DIGEST: tuple[Event, ...] = ("isolated", "blocked", "wave_integrated", "phase_complete")
_LONGEST = 2000  # characters of one value; a reason may quote what an agent printed


def notify(context: Any, plan_notify: Notify, event: Event, details: Mapping[str, str]) -> tuple[str, ...]:
    """Send an event to all notifiers for it: those the plan names, and those the operator gave it to.

    :return: names of the notifiers that took it.
    """
    wanted = ((n, p) for n, p in _wanted(plan_notify, event) if not (p.digest and event in _IN_DIGEST))
    return send(context, wanted, details, event)


def send(
    context: Any, notifiers: Iterable[tuple[str, NotifierProfile]], details: Mapping[str, str], event: str
) -> tuple[str, ...]:
    """Send a message through some notifiers, by name.

    Their templates find `{{ phaseplan.message }}` and the other keys of `about_branch`, `about_wave`, `about_phase`.
    Whatever goes wrong is logged with the class of its error only: its words may quote an address that is a secret.

    :param context: Airflow's task context; it is not changed.
    :return: names of the notifiers that took it.
    """
    values = dict.fromkeys(_KEYS, "") | {key: _harmless(value) for key, value in details.items()}
    values["event"] = event
    values["board"] = board_url(values["phase"], values["branch"].partition(" ")[0]) if values["phase"] else ""
    values["message"] = "\n".join(filter(None, (values["message"] or _message(values), values["board"])))
    values["slack"] = values["message"].translate(_SLACK)
    sent = []
    for name, profile in notifiers:
        try:
            _within(PATIENCE, lambda profile=profile: _tell(profile, {**context, "phaseplan": dict(values)}))
        except Exception as error:
            log.warning("Notifier %s could not tell of %s: %s", name, event, type(error).__name__)
        else:
            log.info("Notifier %s was told: %s", name, event)
            sent.append(name)
    return tuple(sent)


def about_branch(plan: PhasePlan, branch_id: str, reason: str, spent: Spent | None = None) -> dict[str, str]:
    """Return the details of `isolated` and `blocked`.

    :param spent: what the branch has used of models in all its attempts, as in the others below.
    """
    branch = plan.by_id[branch_id]
    task = names.branch_task_id(plan, branch_id)
    return {
        **_phase(plan),
        "wave": str(plan.wave_of[branch_id]),
        "branch": f"{branch_id} {branch.title}",
        "reason": reason,
        "used": str(spent or ""),
        "next_step": f"Mend the cause, then Clear {task} in {names.dag_id(plan.phase)} with Downstream on and "
        f"Only-failed off, or run `{PROGRAM} reintegrate {plan.phase} {branch_id}`.",
    }


def about_wave(plan: PhasePlan, wave: int, reason: str, spent: Spent | None = None) -> dict[str, str]:
    """Return the details of `wave_integrated`; `reason` says what was merged and what is out."""
    return {**_phase(plan), "wave": str(wave), "reason": reason, "used": str(spent or "")}


def about_phase(plan: PhasePlan, reason: str, spent: Spent | None = None) -> dict[str, str]:
    """Return the details of `phase_complete`."""
    return {**_phase(plan), "reason": reason, "used": str(spent or "")}


def about_delivery(plan: PhasePlan, reason: str) -> dict[str, str]:
    """Return the details of `delivery`."""
    return {**_phase(plan), "reason": reason, "message": f"Phase {plan.phase} {plan.title}: {reason}"}


def about_night(plan: PhasePlan, text: str) -> dict[str, str]:
    """Return the details of a digest."""
    return {**_phase(plan), "reason": text, "message": text}


def about_profile(plan: PhasePlan, pause: Pause) -> dict[str, str]:
    """Return the details of `paused` and `resumed`."""
    reason = pause.farewell() if pause.ended else pause.sentence()
    step = "" if pause.ended else "Its branches go on by themselves once that is mended; a Clear tries at once."
    message = "\n".join(filter(None, (f"Phase {plan.phase}: {reason}", step)))
    return {**_phase(plan), "reason": reason, "next_step": step, "message": message}


def about_budget(plan: PhasePlan, shared: SharedBudget) -> dict[str, str]:
    """Return the details of `budget`: of a budget that branches share, which is near its end, or spent."""
    spent = level_of(shared) == "spent"
    words = "no branch begins any more that uses it" if spent else "at its end no other branch begins"
    step = f"To go on: {shared.next_step}." if spent else ""
    message = "\n".join(filter(None, (f"Phase {plan.phase}: {shared}; {words}.", step)))
    return {**_phase(plan), "reason": str(shared), "next_step": step, "message": message}


def about_approval(plan: PhasePlan, point: str, address: str) -> dict[str, str]:
    """Return the details of `approval`: a person is asked.

    :param address: of the phase on the board.
    """
    step = f"Answer at {address}, in Airflow under Required Actions, or by `phaseplan approve {plan.phase}`."
    message = f"Phase {plan.phase}: {point} waits for a person's approval.\n{step}"
    return {**_phase(plan), "reason": f"{point} waits for a person's approval", "next_step": step, "message": message}


def _harmless(value: str) -> str:
    return "\n".join(clean(line) for line in value[:_LONGEST].split("\n"))


def _phase(plan: PhasePlan) -> dict[str, str]:
    return {"phase": str(plan.phase), "title": plan.title}


def _message(values: Mapping[str, str]) -> str:
    wave = f", wave {values['wave']}" if values["wave"] else ""
    what = {"wave_integrated": "is integrated", "phase_complete": "is complete"}.get(values["event"], values["event"])
    subject = f": {values['branch']} is {what}" if values["branch"] else f" {what}"
    reason = f": {values['reason']}" if values["reason"] else ""
    step = f"\n{values['next_step']}" if values["next_step"] else ""
    # The reason of a whole phase is the closing message, which has it for run and phase.
    used = f"\nUsed so far: {values['used']}." if values["used"] and values["event"] != "phase_complete" else ""
    return f"Phase {values['phase']}{wave}{subject}{reason}{used}{step}"


def _wanted(plan_notify: Notify, event: Event) -> Iterator[tuple[str, NotifierProfile]]:
    """Yield each notifier once: the plan's first, in its order; one that is not (or no longer) defined is only
    logged."""
    known, _, problems = load_notifiers(settings().notifiers)
    for problem in problems:
        log.warning("%s:%s: %s; run `%s lint`", problem.file, problem.line, problem.code, PROGRAM)
    by_default = (name for name, profile in known.items() if event in profile.events)
    for name in dict.fromkeys((*plan_notify.names(event), *by_default)):
        if name in known:
            yield name, known[name]
        else:
            log.warning("There is no usable notifier %r, so nobody was told of %s through it.", clean(name), event)


def digest_notifiers(plan_notify: Notify) -> Iterator[tuple[str, NotifierProfile]]:
    """Yield the notifiers that get one message a night: a plan names them, or they have events of all plans."""
    known, _, _ = load_notifiers(settings().notifiers)
    named = {name for event in get_args(Event) for name in plan_notify.names(event)}
    for name, profile in known.items():
        if profile.digest and (name in named or profile.events):
            yield name, profile


def _tell(profile: NotifierProfile, context: Any) -> None:
    """Call a notifier; unlike Airflow's own call this never logs the text of an error."""
    module, _, name = profile.class_path.rpartition(".")
    kind = getattr(import_module(module), name)
    if not (isinstance(kind, type) and issubclass(kind, BaseNotifier)):
        raise TypeError(f"{profile.class_path} is no notifier")
    notifier = kind(**profile.arguments)
    context.update((field, getattr(notifier, field)) for field in notifier.template_fields)
    # Never the DAG's own template engine: it turns text that looks like Python into values, and a reason may.
    notifier.render_template_fields(context, notifier.get_template_env())
    if kind.notify is BaseNotifier.notify:  # one that only knows how to run in the triggerer
        asyncio.run(notifier.async_notify(context))
    else:
        notifier.notify(context)


def _within(seconds: float, work: Any) -> None:
    """Do something for at most some seconds; a thread that hangs is left behind and ends with the task.

    :raises TimeoutError: it takes longer.
    """
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    if failed:
        raise failed[0] if isinstance(failed[0], Exception) else RuntimeError(type(failed[0]).__name__)
