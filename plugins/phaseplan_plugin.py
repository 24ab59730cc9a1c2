"""The Airflow plugin: makes the pools that phase plans ask for, writes the notes of runs."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

import include.phaseplan.compile.dag  # noqa: F401  # tasks are forked from processes that have this loaded already
from include.phaseplan.operators.plugin import PLUGIN
from plugins import phaseplan_links, phaseplan_notes, phaseplan_pools


class PhaseplanPlugin(AirflowPlugin):
    """Registers listeners, pages and links."""

    name = PLUGIN
    listeners = [phaseplan_pools, phaseplan_notes]
    fastapi_apps = phaseplan_links.APPS
    external_views = phaseplan_links.VIEWS
    operator_extra_links = phaseplan_links.LINKS
