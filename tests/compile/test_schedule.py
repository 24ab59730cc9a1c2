"""When a phase starts by itself, on Airflow's own timetables (decision 013)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan.model import PhasePlan
from tests.cli.plans import plan

BERLIN = "Europe/Berlin"


def served(of: PhasePlan, **options: Any) -> Any:
    """The DAG as the scheduler has it: serialised and read again."""
    return DagSerialization.from_dict(DagSerialization.to_dict(compile_plan(of, Options(**options))))


def ticks(of: PhasePlan, first: datetime, count: int, **options: Any) -> list[datetime]:
    """Starts from a moment on, one after another, as if nothing was ever missed."""
    timetable = served(of, **options).timetable
    last, found = None, []
    limits = TimeRestriction(pendulum.instance(first), None, catchup=True)
    for _ in range(count):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=limits)
        last = info.data_interval
        found.append(info.run_after)
    return found


def after(of: PhasePlan, begun: datetime) -> datetime:
    """When the next run may start, if the last one began at a tick and none of the later ones could."""
    dag = served(of)
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    limits = TimeRestriction(None, None, catchup=dag.catchup)
    at = pendulum.instance(begun)
    found = dag.timetable.next_dagrun_info(last_automated_data_interval=DataInterval(at, at), restriction=limits)
    return found.run_after


def assets(dag: Any) -> set[tuple[str, str]]:
    return {(key.name, key.uri) for key, _ in dag.timetable.asset_condition.iter_assets()}


def test_a_plan_that_depends_on_others_is_woken_by_all_of_them() -> None:
    dag = served(plan(8, depends_on=[5, 7]))
    assert assets(dag) == {
        ("phase_05_complete", "phaseplan://phase_05/complete"),
        ("phase_07_complete", "phaseplan://phase_07/complete"),
    }
    assert type(dag.timetable.asset_condition).__name__ == "SerializedAssetAll"
    assert assets(served(plan(8, depends_on=[5], schedule="after dependencies"))) == {
        ("phase_05_complete", "phaseplan://phase_05/complete")
    }


@pytest.mark.parametrize(
    "more", [{}, {"schedule": "none"}, {"depends_on": [5], "schedule": "none"}, {"schedule": "after dependencies"}]
)
def test_others_do_not_start_by_themselves(more: dict[str, Any]) -> None:
    assert not served(plan(8, **more)).timetable.can_be_scheduled


@pytest.mark.parametrize("more", [{"depends_on": [5]}, {"schedule": "@daily"}])
def test_under_run_nothing_starts_by_itself_and_nothing_is_told(more: dict[str, Any]) -> None:
    dag = compile_plan(plan(8, **more), Options(schedules=False))
    assert not served(plan(8, **more), schedules=False).timetable.can_be_scheduled
    assert dag.get_task("close_phase").outlets == []


def test_only_the_close_of_a_phase_has_an_outlet_and_it_is_an_alias() -> None:
    dag = compile_plan(plan(8), Options())
    assert [(t.task_id, [o.name for o in t.outlets]) for t in dag.tasks if t.outlets] == [
        ("close_phase", ["phase_08_close"])
    ]


def test_a_cron_starts_at_its_ticks_in_utc_where_nothing_else_is_said() -> None:
    found = ticks(plan(schedule="0 2 * * *"), datetime(2026, 3, 28, tzinfo=UTC), 3)
    assert [t.isoformat() for t in found] == [f"2026-03-{day}T02:00:00+00:00" for day in (28, 29, 30)]


def test_a_night_is_at_the_same_hour_by_the_clock_on_the_wall_all_year() -> None:
    for first in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        found = ticks(plan(schedule="30 1 * * *"), first, 5, timezone=BERLIN)
        local = [t.astimezone(ZoneInfo(BERLIN)) for t in found]
        assert [(t.hour, t.minute) for t in local] == [(1, 30)] * 5
        assert len({t.date() for t in local}) == 5


def test_an_hour_that_is_skipped_or_comes_twice_is_one_night() -> None:
    """02:30 does not exist on 29 March and exists twice on 25 October: the night is neither lost nor played twice."""
    spring = ticks(plan(schedule="30 2 * * *"), datetime(2026, 3, 27, 12, tzinfo=UTC), 4, timezone=BERLIN)
    autumn = ticks(plan(schedule="30 2 * * *"), datetime(2026, 10, 23, 12, tzinfo=UTC), 4, timezone=BERLIN)
    for found, month, days in ((spring, 3, (28, 29, 30, 31)), (autumn, 10, (24, 25, 26, 27))):
        local = [t.astimezone(ZoneInfo(BERLIN)) for t in found]
        assert [(t.month, t.day) for t in local] == [(month, day) for day in days]
        assert {(t.hour, t.minute) for t in local} <= {(2, 30), (3, 30)}


@pytest.mark.parametrize("days", [1, 2, 3, 10])
def test_after_a_night_longer_than_a_day_the_newest_missed_one_starts_and_no_other(days: int) -> None:
    now = datetime.now(UTC)
    newest = now.replace(hour=2, minute=0, second=0, microsecond=0)
    newest -= timedelta(days=1) if newest > now else timedelta()
    assert after(plan(schedule="0 2 * * *"), newest - timedelta(days=days)) == newest
    assert after(plan(schedule="0 2 * * *"), newest) == newest + timedelta(days=1)


def test_a_short_night_waits_for_its_next_tick() -> None:
    begun = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    assert after(plan(schedule="0 * * * *"), begun) == begun + timedelta(hours=1)
