"""Defines no dag: raises all that is wrong with any plan at once, so that airflow shows it as one import error.

Plans without errors are compiled here too, and thrown away: an error in `phases.py` would take every DAG with it.
"""

from __future__ import annotations

from include.phaseplan.compile.campaign import compile_campaign, options_of
from include.phaseplan.errors import InputFault
from include.phaseplan.plan.campaign import load_campaign
from include.phaseplan.plan.planfolder import plan_files
from include.phaseplan.plan.render import text
from include.phaseplan.runtime.settings import settings

here = settings()
campaign = load_campaign(plan_files(here.plans), here.agents, here.notifiers)
WIDTH = 80  # characters of a plan's line that fit into Airflow's box without being wrapped
errors = [d for d in campaign.diagnostics if d.severity == "error"]
problems = [text(errors, WIDTH)] if errors else []
problems += [f"{problem}\n" for problem in compile_campaign(campaign, options_of(here, campaign))[1]]
if problems:
    raise InputFault("These plans have no DAG until they are mended:\n\n" + "\n".join(problems))
