"""Send metrics through Airflow's own client, to where Airflow sends its own; where it sends none, compute none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from airflow.configuration import conf
from airflow.sdk.observability import stats

from phaseplan.ledger.records import Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.report import metrics

log = logging.getLogger(__name__)
_SWITCHES = ("statsd_on", "statsd_datadog_enabled", "otel_on")


def looked(snapshot: Snapshot | None) -> None:
    """Send the gauges of a phase as it was read just now."""
    if snapshot is not None:
        _send(lambda: _gauges(snapshot))


def ended(verdict: Verdict) -> None:
    """Send how long the parts of an attempt took, and count it."""
    _send(lambda: _ended(verdict))


def _gauges(snapshot: Snapshot) -> None:
    for name, value in metrics.gauges(snapshot).items():
        stats.gauge(metrics.prefix(snapshot.phase) + name, value)


def _ended(verdict: Verdict) -> None:
    start = metrics.prefix(verdict.phase)
    stats.incr(f"{start}attempts.{verdict.outcome}")
    for name, seconds in metrics.timers(verdict).items():
        stats.timing(start + name, timedelta(seconds=seconds))


def _send(send: Callable[[], None]) -> None:
    """Send if Airflow sends metrics at all; a task never fails for them."""
    try:
        if any(conf.getboolean("metrics", switch, fallback=False) for switch in _SWITCHES):
            send()
    except Exception as error:
        log.warning("Metrics could not be sent: %s", type(error).__name__)
