"""Define what a compilation depends on besides the plan; the caller reads it, `compile` stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phaseplan.plan.agents import AgentProfile


@dataclass(frozen=True)
class Options:
    """Hold how plans are compiled in this Airflow."""

    profiles: Mapping[str, AgentProfile] = field(default_factory=dict)
    start: str | None = None  # overrides every plan's
    schedules: bool = True  # False: no DAG starts by itself, and none tells the others
    timezone: str = "UTC"  # that crons are read in
    pools: bool = True  # False: no plugin makes pools, so tasks use default_pool
    deferrable: bool = True
    queues: Mapping[str, str] = field(default_factory=dict)  # by profile, where its agents are on engines of a queue
    task: str | None = None  # the only one that this process carries out: branches of other tasks are left out
    retry_delay: float = 10.0  # seconds before the first retry; each further one waits twice as long
