"""Ask a person at a point of a phase, with Airflow's own human-in-the-loop page, and carry the answer out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from phaseplan.airflow.addresses import board_url, page_url
from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.notify import about_approval, notify
from phaseplan.airflow.operators.run import made_job, repository, token
from phaseplan.config.approvers import approvers
from phaseplan.errors import InputFault
from phaseplan.ledger.approval.answers import Approval
from phaseplan.ledger.approval.approvals import OPENING, approval, members, state
from phaseplan.ledger.approval.asking import Answer, AskAgain, Choice, answer, ask, ask_again, check_answer
from phaseplan.ledger.records import Token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import read
from phaseplan.phase.isolating import isolate
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan
from phaseplan.report.question import Links, question
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

_LONGEST = 4000  # characters of what a person says
_CHOICES: tuple[Choice, ...] = ("Approve", "Send back", "Isolate")
_AT_OPENING: tuple[Choice, ...] = ("Approve", "Do not begin")


class ApproveOperator(HITLOperator):
    """Wait for a person at one point. It takes no worker and no triggerer while it waits.

    What a run may go on with is decided by the ledger, never by the state of this task: to mark it a success
    approves nothing.
    """

    ui_color = "#e8f5e9"

    def __init__(self, *, plan: PhasePlan, point: str, **kwargs: Any) -> None:
        opening = point == OPENING
        super().__init__(
            subject=f"Phase {plan.phase}: approve {point}?",
            options=list(_AT_OPENING if opening else _CHOICES),
            params=_form(() if opening else members(plan, point)),
            **kwargs,
        )
        self.phase, self.point, self.repository = plan.phase, point, plan.repository

    def execute(self, context: Any) -> Any:
        """Ask, unless what is there is approved already."""
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            seen, open_ = ask(repo, remote, own, self.phase, self.point)
            if not open_:
                given = approval(seen, self.point)
                self.log.info("Nobody is asked: %s.", given.sentence(self.point) if given else "no agent will begin")
                return None
            self._say(context, seen)
        return super().execute(context)

    def _say(self, context: Any, seen: Snapshot) -> None:
        """Put into the question what a person has to know, and notify."""
        plan = seen.require_open().plan
        asked = question(seen, self.point, _links(plan))
        self.subject, self.body = asked.subject, asked.body
        if plan.approve is not None:
            self.assigned_users = [{"id": user.id, "name": user.name} for user in approvers(plan.approve.who)] or None
            self.response_timeout = timedelta(seconds=plan.approve.within) if plan.approve.within else None
            self.defaults = ["Approve"] if plan.approve.unanswered == "go on" and plan.approve.within else None
        notify(context, plan.notify, "approval", about_approval(plan, self.point, board_url(plan.phase)))

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Carry out what was answered.

        :raises AirflowFailException: no answer came in time, and the plan says to stop then.
        """
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            done = self._answered(context, remote, repo, own, event)
            self.log.info("%s.", done.sentence(self.point))
            if done.answer == "unanswered":
                raise AirflowFailException(state(read(repo, remote, self.phase), self.point))
        return {"answer": done.answer, "who": done.who, "branches": list(done.branches)}

    def _answered(self, context: Any, remote: Remote, repo: GitRepo, own: Token, event: Mapping[str, Any]) -> Approval:
        try:
            given = _given(event)
            if given.choice == "Isolate":
                seen = read(repo, remote, self.phase)
                check_answer(seen, self.point, given)
                reason = given.words or f"by {given.who}, who approved {self.point} without it"
                isolate(made_job(context, cast(Any, self), "", own, remote, repo), given.branches, reason)
        except (AskAgain, InputFault) as why:
            ask_again(repo, remote, own, self.phase, self.point, str(why))
            raise AskAgain(str(why)) from why
        return answer(repo, remote, own, self.phase, self.point, given)


class BuildAgainOperator(TriggerDagRunOperator):
    """Begin the run that builds again what a person has sent back; it is queued until this one has ended."""

    ui_color = "#fff3e0"

    def __init__(self, *, phase: int, repository: str | None, **kwargs: Any) -> None:
        super().__init__(trigger_dag_id=names.dag_id(phase), **kwargs)
        self.phase, self.repository = phase, repository

    def execute(self, context: Any) -> Any:
        """Trigger where this run has sent something back; else skip."""
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            ledger = read(repo, remote, self.phase).opened.ledger
            back = (
                [p for p, a in ledger.approvals.items() if (a.run, a.answer) == (own.run, "sent back")]
                if ledger
                else []
            )
        if not back:
            raise AirflowSkipException("Nothing was sent back in this run.")
        asked = context["dag_run"].conf or {}
        self.conf = {key: asked[key] for key in ("base", "start", "agent") if key in asked}
        self.log.info("%s was sent back: a run begins that builds it again.", " and ".join(back))
        return super().execute(context)


def _form(branches: tuple[str, ...]) -> dict[str, Any]:
    """Make the fields of the answer form."""
    if not branches:
        return {"words": _words("Why, for the ledger and for others.")}
    chosen = Param(
        [], type="array", title="branches", examples=list(branches), items={"type": "string"},
        description="To send back (none: all) or to isolate.",
    )  # fmt: skip
    return {"words": _words("To send back: what is to be different. The next agents read it."), "branches": chosen}


def _words(description: str) -> Any:
    return Param(
        None, type=["null", "string"], format="multiline", title="words", maxLength=_LONGEST, description=description
    )


def _given(event: Mapping[str, Any]) -> Answer:
    """Read what Airflow hands over; an API's caller may have sent anything.

    :raises AskAgain: it is no answer.
    """
    if "error" in event:
        if event.get("error_type") == "timeout":
            return Answer("")
        raise AskAgain(f"the answer could not be read: {event['error']}")
    chosen, fields = event["chosen_options"], event.get("params_input") or {}
    words, branches = fields.get("words") or "", fields.get("branches") or []
    if not isinstance(words, str) or len(words) > _LONGEST:
        raise AskAgain(f"`words` has to be a text of at most {_LONGEST} characters")
    if not isinstance(branches, list) or not all(isinstance(b, str) for b in branches):
        raise AskAgain("`branches` has to be a list of branch ids")
    if len(chosen) != 1 or chosen[0] not in (*_CHOICES, *_AT_OPENING):
        raise AskAgain(f"choose one of {', '.join(_CHOICES)}")
    user = event.get("responded_by_user") or {}
    who = str(user.get("name") or user.get("id") or "")
    return Answer(chosen[0], who, words, tuple(dict.fromkeys(branches)))


def _links(plan: PhasePlan) -> Links:
    def branch(branch_id: str) -> str:
        return page_url(names.dag_id(plan.phase), names.branch_task_id(plan, branch_id)) + "/diff"

    return Links(board_url(plan.phase), branch)
