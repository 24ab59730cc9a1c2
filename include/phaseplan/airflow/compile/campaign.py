"""Compile all plans of a campaign into DAGs; a plan that Airflow refuses takes only itself out."""

from __future__ import annotations

import logging
import traceback

from airflow.sdk import DAG

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.airflow.plugin.registration import pools_are_made
from phaseplan.config.engines import engines
from phaseplan.config.settings import Settings
from phaseplan.errors import InputFault
from phaseplan.plan.campaign import Campaign, LoadedPlan
from phaseplan.plan.engines import queue_of

log = logging.getLogger(__name__)


def options_of(settings: Settings, campaign: Campaign) -> Options:
    """Say how the campaign's plans are compiled in this Airflow."""
    return Options(
        profiles=campaign.profiles,
        start=settings.start,
        schedules=settings.schedules,
        timezone=settings.timezone,
        pools=pools_are_made(),
        deferrable=settings.deferrable,
        retry_delay=settings.retry_delay,
        queues=_queues(campaign),
    )


def _queues(campaign: Campaign) -> dict[str, str]:
    """Return the queues of profiles by the engines file; one that cannot be read is reported by `open_phase`."""
    try:
        entries = engines()
    except InputFault as error:
        log.warning("No branch is put into a queue of its engine's workers: %s", error)
        return {}
    found = {name: queue_of(entries, profile) for name, profile in campaign.profiles.items()}
    return {name: queue for name, queue in found.items() if queue}


def compile_campaign(campaign: Campaign, options: Options) -> tuple[tuple[DAG, ...], tuple[str, ...]]:
    """Compile every plan of a campaign.

    :return: the DAGs, and for each plan that became none what a person needs to know about it.
    """
    dags, problems = [], []
    for loaded in campaign.plans:
        try:
            dags.append(compile_plan(loaded.plan, options))
        except Exception as error:  # whatever it is: the other plans have nothing to do with it
            problems.append(_problem(loaded, error))
    return tuple(dags), tuple(problems)


def _problem(loaded: LoadedPlan, error: Exception) -> str:
    """Say which file, why, and what to do; lint found nothing, so the fault is Phaseplan's."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{loaded.path}:1:1: phase {loaded.plan.phase} lints without errors, and yet Airflow takes no DAG of it:\n"
        f"  {type(error).__name__}: {error}\n  raised at {at.filename}:{at.lineno}\n"
        "  This is a fault of Phaseplan: please report it with the plan. The other plans have their DAGs."
    )
