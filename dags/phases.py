"""Every valid plan of the campaign becomes a DAG. Dropping a file into the plans folder is enough.

A plan that Airflow refuses is left out here; `plan_problems.py` says so.
"""

from __future__ import annotations

import airflow.providers.docker.operators.docker  # noqa: F401  # named here so that the DAG processor pre-imports it

from include.phaseplan.compile.campaign import compile_campaign, options_of
from include.phaseplan.plan.campaign import load_valid
from include.phaseplan.plan.planfolder import plan_files
from include.phaseplan.runtime.settings import settings

here = settings()
campaign = load_valid(plan_files(here.plans), here.agents, here.notifiers)
for dag in compile_campaign(campaign, options_of(here, campaign))[0]:
    globals()[dag.dag_id] = dag
