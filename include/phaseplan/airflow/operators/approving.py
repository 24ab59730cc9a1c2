"""Ask a person at a point of a phase, with Airflow's own human-in-the-loop page, and carry the answer out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from phaseplan.airflow.addresses import board_url, page_url
from phaseplan.airflow.operators.answer_form import AT_OPENING, CHOICES, form
from phaseplan.airflow.operators.answer_form import given as read_answer
from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.kept_answer import KeptAnswer
from phaseplan.airflow.operators.notify import about_approval, notify
from phaseplan.airflow.operators.run import made_job, repository, token
from phaseplan.config.approvers import approvers
from phaseplan.errors import InputFault
from phaseplan.ledger.approval.answers import Approval
from phaseplan.ledger.approval.approvals import OPENING, approval, members, state
from phaseplan.ledger.approval.asking import AskAgain, answer, ask, ask_again, check_answer
from phaseplan.ledger.records import Token
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import read
from phaseplan.phase.isolating import isolate
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan
from phaseplan.report.question import Links, question
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo


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
            options=list(AT_OPENING if opening else CHOICES),
            params=form(() if opening else members(plan, point)),
            **kwargs,
        )
        self.phase, self.point, self.repository = plan.phase, point, plan.repository

    def execute(self, context: Any) -> Any:
        """Ask, unless what is there is approved already."""
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            kept = KeptAnswer.of(context).answer()
            if kept is not None and (done := self._done(read(repo, remote, self.phase), own)):
                return self._ended(done, read(repo, remote, self.phase))
            asked = ask(repo, remote, own, self.phase, self.point)
            if not asked.open:
                given = approval(asked.seen, self.point)
                self.log.info("Nobody is asked: %s.", given.sentence(self.point) if given else "no agent will begin")
                return None
            if kept is not None and not asked.new:
                return self._carried_out(context, remote, repo, own, kept)
            self._say(asked.seen)
            if asked.new:
                plan = asked.seen.require_open().plan
                notify(context, plan.notify, "approval", about_approval(plan, self.point, board_url(plan.phase)))
        return super().execute(context)

    def _say(self, seen: Snapshot) -> None:
        """Put into the question what a person has to know."""
        plan = seen.require_open().plan
        asked = question(seen, self.point, _links(plan))
        self.subject, self.body = asked.subject, asked.body
        if plan.approve is not None:
            self.assigned_users = [{"id": user.id, "name": user.name} for user in approvers(plan.approve.who)] or None
            self.response_timeout = timedelta(seconds=plan.approve.within) if plan.approve.within else None
            self.defaults = ["Approve"] if plan.approve.unanswered == "go on" and plan.approve.within else None

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Carry out what was answered; where a repository or an engine is away the next try does it without asking.

        :raises AirflowFailException: no answer came in time, and the plan says to stop then.
        """
        own = token(context)
        KeptAnswer.of(context).keep(event)
        with faults(), repository(self.repository) as (remote, repo):
            return self._carried_out(context, remote, repo, own, event)

    def _carried_out(
        self, context: Any, remote: Remote, repo: GitRepo, own: Token, event: Mapping[str, Any]
    ) -> dict[str, Any]:
        done = self._answered(context, remote, repo, own, event)
        return self._ended(done, read(repo, remote, self.phase))

    def _done(self, seen: Snapshot, own: Token) -> Approval | None:
        """Return what an earlier try, which died then, has written down."""
        known = approval(seen, self.point)
        return known if known is not None and known.run == own.run and known.answer else None

    def _ended(self, done: Approval, seen: Snapshot) -> dict[str, Any]:
        self.log.info("%s.", done.sentence(self.point))
        if done.answer == "unanswered":
            raise AirflowFailException(state(seen, self.point))
        return {"answer": done.answer, "who": done.who, "branches": list(done.branches)}

    def _answered(self, context: Any, remote: Remote, repo: GitRepo, own: Token, event: Mapping[str, Any]) -> Approval:
        try:
            given = read_answer(event)
            if given.choice == "Isolate":
                seen = read(repo, remote, self.phase)
                check_answer(seen, self.point, given)
                reason = given.words or f"by {given.who}, who approved {self.point} without it"
                isolate(made_job(context, cast(Any, self), "", own, remote, repo), given.branches, reason)
        except (AskAgain, InputFault) as why:
            KeptAnswer.of(context).forget()
            ask_again(repo, remote, own, self.phase, self.point, str(why))
            raise AskAgain(str(why)) from why
        try:
            return answer(repo, remote, own, self.phase, self.point, given)
        except AskAgain:
            KeptAnswer.of(context).forget()
            raise


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


def _links(plan: PhasePlan) -> Links:
    def branch(branch_id: str) -> str:
        return page_url(names.dag_id(plan.phase), names.branch_task_id(plan, branch_id)) + "/diff"

    return Links(board_url(plan.phase), branch)
