"""Decide when a phase starts by itself: by the clock, or when what it depends on is complete (decision 013)."""

from __future__ import annotations

from functools import reduce
from operator import and_

from airflow.sdk import Asset, AssetAlias, CronTriggerTimetable
from airflow.sdk.bases.timetable import BaseTimetable
from airflow.sdk.definitions.asset import BaseAsset

from phaseplan.plan.model import AFTER, NEVER, PhasePlan
from phaseplan.plan.names import dag_id


def asset_of(phase: int) -> Asset:
    """Return the asset that `close_phase` updates each time the phase is complete; any DAG may use it."""
    return Asset(name=f"{dag_id(phase)}_complete", uri=f"phaseplan://{dag_id(phase)}/complete")


def completion(phase: int) -> AssetAlias:
    """Return the outlet of `close_phase`, an alias: it updates an asset only when told, while a plain asset among the
    outlets of a green task is always updated.

    A run of selected branches is green without the phase being complete.
    """
    return AssetAlias(name=f"{dag_id(phase)}_close")


def schedule(plan: PhasePlan, timezone: str) -> BaseTimetable | BaseAsset | None:
    """Return the DAG's schedule: all dependencies' assets, a cron that starts at its ticks, or none.

    :param timezone: IANA name that the cron is read in.
    """
    if plan.after_dependencies:
        assets: list[BaseAsset] = [asset_of(phase) for phase in sorted(set(plan.depends_on))]
        return reduce(and_, assets)
    if plan.schedule in (None, AFTER, NEVER):
        return None
    return CronTriggerTimetable(str(plan.schedule), timezone=timezone)
