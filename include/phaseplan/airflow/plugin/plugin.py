"""Register the Airflow plugin: pools that plans ask for, notes of runs, links and pages."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

import phaseplan.airflow.compile.dag  # noqa: F401  # tasks are forked from processes that have this loaded already
from phaseplan.airflow.plugin import apps, links, notes, pools
from phaseplan.airflow.plugin.registration import PLUGIN


class PhaseplanPlugin(AirflowPlugin):
    """Register listeners, pages and links."""

    name = PLUGIN
    listeners = [pools, notes]
    fastapi_apps = apps.APPS
    external_views = links.VIEWS
    operator_extra_links = links.LINKS
