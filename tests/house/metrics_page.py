"""Make `docs/metrics.md` from the code: `python -m tests.house.metrics_page > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from phaseplan.report.metrics import COUNTERS, GAUGES, TIMERS, prefix

_HEAD = f"""\
# Metrics

Where Airflow sends metrics (`statsd_on`, `statsd_datadog_enabled` or `otel_on` in its section `[metrics]`), tasks of
phases send these through the same client, with Airflow's prefix and its lists of what to allow or block. Nothing is
sent anywhere else. StatsD needs `apache-airflow[statsd]` in the Python of every component.

Names begin with `{prefix(5)}` for phase 5. Airflow's own (`pool.open_slots`, `task.queued_duration`, `ti.finish` ...)
hold for tasks of phases too; a branch whose agent works is a deferred task there.

"""
_TAIL = """\
A gauge says what was so when a task of the phase last read it: at each start of a branch's task, when its agent has
ended, at each wave's integration, when the phase opens and closes. An attempt may be counted twice where a worker
died after its verdict.

This page is made by `python -m tests.house.metrics_page` from `include/phaseplan/report/metrics.py`.
"""


def _table(kind: str, rows: Mapping[str, str]) -> str:
    lines = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in rows.items())
    return f"| {kind} | |\n|---|---|\n{lines}\n"


def markdown() -> str:
    """Write the page."""
    return _HEAD + _table("gauge", GAUGES) + _table("timer", TIMERS) + _table("counter", COUNTERS) + _TAIL


if __name__ == "__main__":
    sys.stdout.write(markdown())
