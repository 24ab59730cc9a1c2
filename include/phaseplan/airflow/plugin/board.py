"""Serve the board: what a viewer may see is asked of Airflow phase by phase, and so is what they may do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Annotated, Any, ParamSpec, TypeVar

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dag import DagModel
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from phaseplan.airflow.addresses import PREFIX, top
from phaseplan.config.recent import Recent, within
from phaseplan.errors import PhaseplanError
from phaseplan.plan import names
from phaseplan.report.board.kept import KeptPages
from phaseplan.report.board.looking import AGE, LOOKING
from phaseplan.report.board.render import (
    HEADERS,
    Frame,
    Rights,
    branch_page,
    campaign_page,
    conflicts_part,
    phase_page,
    problem_page,
)
from phaseplan.report.pages.look import look
from phaseplan.report.pages.render import Links

router = APIRouter(prefix="/board")
P = ParamSpec("P")
T = TypeVar("T")
_PAGES = KeptPages()
_STAMPS: dict[tuple[int, ...], Recent[str]] = {}  # by the phases that a page is about
#: Seconds that a viewer is kept waiting for something to move, and between two looks meanwhile.
_PATIENCE, _STEP = 25.0, 0.5
Part = Annotated[bool, Query(description="Only what is exchanged when something has moved.")]
Seen = Annotated[
    str, Query(max_length=64, description="Stamp of what the viewer has; nothing comes if it is the same.")
]


def _recently(work: Callable[P, T]) -> Callable[P, T]:
    """Let work take settings and plans that were read a moment ago: one question needs them several times."""

    @wraps(work)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        with within(AGE):
            return work(*args, **kwargs)

    return done


@router.get("")
@_recently
def campaign(user: GetUserDep, part: Part = False, seen: Seen = "") -> Response:
    """Show all phases that a viewer may see."""
    sees = _sees(user)

    def made(frame: Frame) -> str:
        return campaign_page(LOOKING.campaign(sees), frame, part=part)

    return _answer("campaign", sees, None, seen if part else None, "", made)


@router.get("/moved")
async def moved(request: Request, user: GetUserDep, phase: int | None = None, seen: Seen = "") -> Response:
    """Answer as soon as a page is another one than the viewer has, or after a while, with the stamp to ask with next.

    A page that is looked at all day asks three times a minute, and not every second.

    :param phase: the phase that the page is about; None: all that the viewer may see.
    """
    until, phases = monotonic() + _PATIENCE, await run_in_threadpool(_visible, _sees(user), phase)
    stamp = _STAMPS.setdefault(phases, Recent())
    while True:
        known = stamp.peek(AGE) or await run_in_threadpool(_stamp, stamp, phases)
        if known != seen or monotonic() > until or await request.is_disconnected():
            return PlainTextResponse(known, headers=HEADERS)
        await asyncio.sleep(_STEP)


@_recently
def _visible(sees: Callable[[int], bool], phase: int | None) -> tuple[int, ...]:
    """Return the phases that a page is about, as far as the viewer may see them."""
    try:
        return tuple(sorted(number for number in LOOKING.numbers() if phase in (None, number) and sees(number)))
    except PhaseplanError:  # the page says so
        return ()


@_recently
def _stamp(stamp: Recent[str], phases: tuple[int, ...]) -> str:
    """Return the stamp of some phases, which all who look at them share."""

    def now() -> str:
        try:
            return LOOKING.stamp(phases.__contains__)
        except PhaseplanError:
            return "away"

    return stamp.get(now)


@router.get("/phases/{phase}")
@_recently
def one_phase(phase: int, user: GetUserDep, session: SessionDep, part: Part = False, seen: Seen = "") -> Response:
    """Show one phase."""
    sees = _sees(user)
    if not sees(phase) or not LOOKING.knows(phase):
        return _hidden(phase)
    dag = names.dag_id(phase)
    rights = Rights(
        trigger=_may(user, "POST", dag, DagAccessEntity.RUN),
        pause=_may(user, "PUT", dag, None),
        clear=_may(user, "PUT", dag, DagAccessEntity.TASK_INSTANCE),
        answer=_may_answer(user, session, phase, dag),
    )
    model = session.get(DagModel, dag)
    paused = bool(model is not None and model.is_paused)

    def made(frame: Frame) -> str:
        board = LOOKING.phase(phase)
        if board is None:
            return problem_page("Nothing to show", f"No valid plan file describes phase {phase}.")
        return phase_page(board, frame, rights, paused, part=part)

    return _answer("phase", sees, phase, seen if part else None, f"{paused}{rights}", made)


@router.get("/phases/{phase}/branches/{branch}")
@_recently
def one_branch(phase: int, branch: str, user: GetUserDep, part: Part = False, seen: Seen = "") -> Response:
    """Show one branch."""
    sees = _sees(user)
    if not sees(phase) or not LOOKING.knows(phase):
        return _hidden(phase)
    dag = names.dag_id(phase)
    rights = Rights(
        trigger=_may(user, "POST", dag, DagAccessEntity.RUN),
        clear=_may(user, "PUT", dag, DagAccessEntity.TASK_INSTANCE),
    )
    links = Links(names.branch_task_id, f"{top()}/dags/{dag}", framed=True, by_id=True)

    def made(frame: Frame) -> str:
        found = look(phase, branch, lambda _, branch_id: branch_id)
        if found is None or found.branch is None:
            return problem_page("Nothing to show", f"Phase {phase} has no branch {branch}.")
        return branch_page(found, frame, rights, links, part=part)

    return _answer("branch", sees, phase, seen if part else None, f"{branch}{rights}", made)


@router.get("/phases/{phase}/conflicts")
@_recently
def conflicts(phase: int, user: GetUserDep) -> Response:
    """Show which branches under way would conflict."""
    board = LOOKING.phase(phase) if _sees(user)(phase) else None
    if board is None:
        return _hidden(phase)
    return HTMLResponse(conflicts_part(LOOKING.conflicts(board)), headers=HEADERS)


def _hidden(phase: int) -> Response:
    """Say that there is no such phase, whether there is none or the viewer may not see it."""
    return _problem(404, "Nothing to show", f"There is no phase {phase} here that you may see.")


def _answer(
    kind: str,
    sees: Callable[[int], bool],
    phase: int | None,
    seen: str | None,
    more: str,
    made: Callable[[Frame], str],
) -> Response:
    """Answer with a page, or with nothing where the viewer has seen it.

    :param kind: of page; a branch's id comes from an address, and may be what another kind of page depends on.
    :param seen: stamp of what the viewer has, who wants the part that is exchanged; None: the whole page is wanted.
    """
    try:
        stamp = LOOKING.stamp(sees, phase, more)
        if seen and seen == stamp:
            return Response(status_code=204, headers=HEADERS)
        page = _PAGES.get((kind, stamp, seen is None), lambda: made(Frame(top(), f"{top()}{PREFIX}/board", stamp)))
    except PhaseplanError as error:
        return _problem(503, "The target repository cannot be read now", str(error))
    return HTMLResponse(page, headers={**HEADERS, "X-Phaseplan-Stamp": stamp})


def _sees(user: Any) -> Callable[[int], bool]:
    """Return whether a viewer may see the logs of a phase, which say all that the board says."""
    known: dict[int, bool] = {}

    def sees(phase: int) -> bool:
        if phase not in known:
            known[phase] = _may(user, "GET", names.dag_id(phase), DagAccessEntity.TASK_LOGS)
        return known[phase]

    return sees


def _may_answer(user: Any, session: Session, phase: int, dag: str) -> bool:
    """Say whether a viewer may answer what the phase asks, as Airflow itself decides it: right, and list of users."""
    try:
        run, tasks = LOOKING.questions(phase)
    except PhaseplanError:
        return False
    if not tasks or not _may(user, "PUT", dag, DagAccessEntity.HITL_DETAIL):
        return False
    wanted = (TaskInstance.dag_id == dag, TaskInstance.run_id == run, TaskInstance.task_id.in_(tasks))
    parked = TaskInstance.state.in_(("awaiting_input", "deferred"))
    query = select(HITLDetail).join(TaskInstance, HITLDetail.ti_id == TaskInstance.id).where(*wanted, parked)
    asked = [detail for detail in session.scalars(query) if not detail.response_received]
    users = [{user["id"] for user in detail.assigned_users or ()} for detail in asked]
    manager = get_auth_manager()
    return bool(asked) and all(not u or manager.is_authorized_hitl_task(assigned_users=u, user=user) for u in users)


def _may(user: Any, method: ResourceMethod, dag: str, entity: DagAccessEntity | None) -> bool:
    details = DagDetails(id=dag, team_name=DagModel.get_team_name(dag))
    manager = get_auth_manager()
    return bool(manager.is_authorized_dag(method=method, access_entity=entity, details=details, user=user))


def _problem(code: int, title: str, text: str) -> Response:
    return HTMLResponse(problem_page(title, text), status_code=code, headers=HEADERS)
