"""Defines no dag: raises all diagnostics of all plans at once, so that airflow shows them as one import error."""

from __future__ import annotations

from include.phaseplan.errors import InputFault
from include.phaseplan.plan.campaign import load_campaign
from include.phaseplan.plan.render import text
from include.phaseplan.runtime.settings import settings

here = settings()
campaign = load_campaign(sorted(here.plans.glob("*.yaml")), here.agents, here.notifiers)
WIDTH = 80  # characters of a plan's line that fit into Airflow's box without being wrapped
errors = [d for d in campaign.diagnostics if d.severity == "error"]
if errors:
    problems = text(errors, WIDTH)
    raise InputFault(f"These plans have no DAG until they are mended:\n\n{problems}")
