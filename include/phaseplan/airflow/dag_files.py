"""Do what the files of a DAG folder ask for: each of them calls one function of this module."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow.sdk import get_parsing_context

from phaseplan.airflow.compile.campaign import compile_campaign, options_of
from phaseplan.config import place
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.plan import names
from phaseplan.plan.campaign import Campaign, load_campaign, load_valid
from phaseplan.plan.lint.render import text

WIDTH = 80  # characters of a plan's line that fit into Airflow's box without being wrapped


def phase_dags(file: str | None = None) -> dict[str, Any]:
    """Compile every valid plan of the configured folder; in a process that Airflow started for one task, what it needs.

    :param file: the DAG file that asks. Plans, agents and notifiers beside it are what this process works with, unless
        settings name others: of a bundle with versions it is the version that Airflow has given this process.
    :return: DAGs by id; a plan that Airflow refuses is left out here, and `raise_plan_problems` says so.
    """
    place.work_beside(file)
    configured = settings()
    campaign = load_valid(plan_files(configured.plans), configured.agents, configured.notifiers)
    wanted = _wanted(campaign)
    options = replace(options_of(configured, wanted), task=get_parsing_context().task_id)
    return {dag.dag_id: dag for dag in compile_campaign(wanted, options)[0]}


def _wanted(campaign: Campaign) -> Campaign:
    """Keep the plan whose DAG Airflow asks for; all of them where it asks for no one.

    Each task and each resume is a process that reads the DAG file again, and should cost nothing for other phases. All
    plans are read nevertheless, for whether one is valid depends on the others.
    """
    asked = get_parsing_context().dag_id
    if asked is None:
        return campaign
    return replace(campaign, plans=tuple(p for p in campaign.plans if names.dag_id(p.plan.phase) == asked))


def raise_plan_problems(file: str | None = None) -> None:
    """Raise all that is wrong with any plan at once, so that Airflow shows it as one import error.

    Plans without errors are compiled here too, and thrown away: an error among the DAGs would take every one with it.

    :param file: the DAG file that asks; see `phase_dags`.
    :raises InputFault: a plan has no DAG until it is mended.
    """
    place.work_beside(file)
    configured = settings()
    campaign = load_campaign(plan_files(configured.plans), configured.agents, configured.notifiers)
    errors = [d for d in campaign.diagnostics if d.severity == "error"]
    problems = [text(errors, WIDTH)] if errors else []
    problems += [f"{problem}\n" for problem in compile_campaign(campaign, options_of(configured, campaign))[1]]
    if problems:
        raise InputFault("These plans have no DAG until they are mended:\n\n" + "\n".join(problems))
