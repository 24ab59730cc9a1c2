"""Serve the board, and a page for every branch, to users who may see the logs of the DAG's tasks.

Only the API server needs this module, and it costs a second to import: `links` imports it when it is asked.
"""

from __future__ import annotations

from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from phaseplan.airflow.addresses import page_url, top
from phaseplan.airflow.plugin.board import router
from phaseplan.errors import PhaseplanError
from phaseplan.plan import names
from phaseplan.report.pages.look import Look, look
from phaseplan.report.pages.render import HEADERS, Links, page, problem

_MAY_READ = [Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))]

app = FastAPI(title="Phaseplan", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(router)


@app.get("/dags/{dag_id}/tasks/{task_id}", dependencies=_MAY_READ)
def branch_page(dag_id: str, task_id: str, framed: bool = False) -> Response:
    """Show the branch that a task builds; its phase if it builds none."""
    found = _looked(dag_id, task_id)
    if isinstance(found, Response):
        return found
    links = Links(names.branch_task_id, f"{top()}/dags/{quote(dag_id)}", framed)
    return HTMLResponse(page(found, links), headers=HEADERS)


@app.get("/dags/{dag_id}/tasks/{task_id}/diff", dependencies=_MAY_READ)
def branch_diff(dag_id: str, task_id: str) -> Response:
    """Show the forge's comparison of the newest attempt if the forge is known, else our own."""
    found = _looked(dag_id, task_id, diff=False)
    if isinstance(found, Response):
        return found
    shown = found.branch.shown if found.branch else None
    own = f"{page_url(dag_id, task_id)}#diff"
    return RedirectResponse((shown.compare if shown else None) or own, status_code=303, headers=HEADERS)


def _looked(dag_id: str, task_id: str, *, diff: bool = True) -> Look | Response:
    phase = names.phase_of(dag_id)
    try:
        found = look(phase, task_id, names.branch_task_id, diff=diff) if phase is not None else None
    except PhaseplanError as error:
        return _problem(503, "The target repository cannot be read now", str(error))
    return found or _problem(404, "Nothing to show", f"{dag_id} is no phase that has a plan here or was ever opened.")


def _problem(code: int, title: str, text: str) -> Response:
    return HTMLResponse(problem(title, text), status_code=code, headers=HEADERS)
