"""Every valid plan of the campaign becomes a DAG. Dropping a file into the plans folder is enough."""

from __future__ import annotations

import airflow.providers.docker.operators.docker  # noqa: F401  # named here so that the DAG processor pre-imports it

from include.phaseplan.compile.dag import compile_plan
from include.phaseplan.compile.options import Options
from include.phaseplan.operators.plugin import pools_are_made
from include.phaseplan.plan.campaign import load_valid
from include.phaseplan.runtime.settings import settings

here = settings()
campaign = load_valid(sorted(here.plans.glob("*.yaml")), here.agents, here.notifiers)
options = Options(
    profiles=campaign.profiles,
    start=here.start,
    schedules=here.schedules,
    timezone=here.timezone,
    pools=pools_are_made(),
    deferrable=here.deferrable,
    retry_delay=here.retry_delay,
)
for loaded in campaign.plans:
    dag = compile_plan(loaded.plan, options)
    globals()[dag.dag_id] = dag
