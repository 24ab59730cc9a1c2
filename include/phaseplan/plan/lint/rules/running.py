"""Check when and how wide a plan runs: schedule, agents at once, attempts."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import nearest
from phaseplan.plan.model import AFTER, NEVER

# Airflow's own names; it reads the first six itself and leaves all others to croniter.
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@midnight", "@annually")


def is_cron(schedule: str | None) -> bool:
    """Say whether a schedule is a cron."""
    return schedule not in (None, AFTER, NEVER)


def valid_schedule(view: View) -> Iterator[Finding]:
    """PP701: report a schedule that Airflow cannot follow."""
    schedule = view.plan.schedule
    if schedule == AFTER and not view.plan.depends_on:
        message = "`after dependencies`, but depends_on is empty: nothing would ever start this phase"
        yield Finding("PP701", ("schedule",), message, "write a cron or `none`")
    if schedule is None or not is_cron(schedule) or schedule in PRESETS:
        return
    why = _cron_fault(schedule)
    if why:
        near = nearest(schedule, (AFTER, NEVER, *PRESETS))
        hint = f"did you mean `{near}`?" if near else 'a cron like "0 2 * * *", `after dependencies` or `none`'
        yield Finding("PP701", ("schedule",), f"Airflow cannot follow the schedule {schedule!r}: {why}", hint)


def cron_with_dependencies(view: View) -> Iterator[Finding]:
    """PP702: report a cron on a phase that waits for other phases."""
    if is_cron(view.plan.schedule) and view.plan.depends_on:
        phases = ", ".join(map(str, view.plan.depends_on))
        message = f"a cron on a phase that waits for phase {phases}: most of its starts would only wait"
        yield Finding("PP702", ("schedule",), message, "leave it out: the default here is `after dependencies`")


def enough_agents(view: View) -> Iterator[Finding]:
    """PP703: report a wave with more branches than agents may run at once."""
    most = view.plan.max_parallel_agents
    for i, wave in enumerate(view.plan.waves):
        if len(wave.branches) > most:
            message = (
                f"wave {wave.wave} has {len(wave.branches)} branches, max_parallel_agents is {most}: they take turns"
            )
            yield Finding(
                "PP703", ("waves", i, "wave"), message, "raise max_parallel_agents if the machine can take it"
            )


def _cron_fault(schedule: str) -> str | None:
    """Return why croniter, with which Airflow reads crons, refuses a cron; else None."""
    fields = len(schedule.split())
    if not 5 <= fields <= 7:  # Airflow takes seconds and years too
        return f"a cron has five fields, not {fields}"
    from croniter import croniter  # only a plan with a cron pays for it

    try:
        croniter(schedule[:200]).get_next()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        return str(error) or "not a cron"
    return None
