"""Look at the Airflow around us: plugin, DAGs, pools, and the settings that matter to phases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.cli.doctoring.lines import Line, advice, broken, faulty, not_seen, ok
from phaseplan.cli.doctoring.plans import campaign
from phaseplan.plan.names import dag_id, pool_of


@dataclass(frozen=True)
class _Wish:
    """Wish a number of one of Airflow's settings.

    :param least: it should be at least this; None: no bound.
    :param most: it should be at most this; None: no bound.
    :param why: what was measured.
    """

    section: str
    key: str
    least: float | None
    most: float | None
    why: str


# As measured with Airflow 3.3.2 on two cores.
_WISHES = (
    _Wish(
        "scheduler", "scheduler_idle_sleep_time", None, 0.5, "between dependent tasks pass 0.9 s at 1, 0.14 s at 0.1"
    ),
    _Wish("scheduler", "task_instance_heartbeat_timeout", 60, 120, "what a killed worker leaves hangs for as long"),
    _Wish(
        "workers", "min_heartbeat_interval", None, 2, "at 5 a third of the tasks that fail are recorded seconds late"
    ),
    _Wish("triggerer", "capacity", 200, None, "every agent at work and every phase that waits is one trigger"),
    _Wish("core", "parallelism", 2, None, "below 2 a branch that ends waits for the one that begins"),
)


def plugin() -> Iterator[Line]:
    """Look whether Airflow has the plugin, once."""
    from airflow import plugins_manager

    names = [info["name"] for info in plugins_manager.get_plugin_info(attrs_to_dump=["name"])]
    count = names.count("phaseplan")
    if count == 1:
        yield ok("plugin", "loaded: pools are made, pages and notes are shown")
    elif count:
        words = f"registered {count} times: its pages appear as often"
        yield broken(
            "plugin", words, "take plugins/phaseplan_plugin.py out of the plugins folder, or uninstall the package"
        )
    else:
        step = "install the package into every component's Python, or set plugins_folder to Phaseplan's plugins/"
        yield broken("plugin", "not loaded: no pool bounds the agents, no page of a branch", step)


def wishes() -> Iterator[Line]:
    """Compare Airflow's settings with what phases need; what is slow only is advice."""
    from airflow.configuration import conf

    fine = []
    for wish in _WISHES:
        value = conf.getfloat(wish.section, wish.key, fallback=0.0)
        name = f"[{wish.section}] {wish.key} = {value:g}"
        if wish.least is not None and value < wish.least:
            yield advice("tuning", f"{name}: {wish.why}", f"set it to {wish.least:g} or more")
        elif wish.most is not None and value > wish.most:
            yield advice("tuning", f"{name}: {wish.why}", f"set it to {wish.most:g} or less")
        else:
            fine.append(f"{wish.section}.{wish.key}")
    if "CeleryExecutor" in conf.get("core", "executor") and conf.getboolean("core", "lazy_load_plugins", fallback=True):
        words = "[core] lazy_load_plugins = True: each task on a Celery worker loads Phaseplan anew, 1 s of processor"
        yield advice("tuning", words, "set it to False where Celery workers run")
    if fine:
        yield ok("tuning", f"{', '.join(fine)}")


def database() -> Iterator[Line]:
    """Look, where Airflow's database can be reached, which phases it has as DAGs and whether pools fit."""
    wanted = {dag_id(loaded.plan.phase) for loaded in campaign().plans}
    known = _known(wanted)
    if known is None:
        words = "Airflow's database is not reachable from here, as on a worker: DAGs and pools were not looked at"
        yield not_seen("DAGs", words, "run doctor where the scheduler or the API server runs")
        return
    dags, pools = known
    if missing := sorted(wanted - dags):
        step = "does the DAG folder have phases.py (phaseplan init)? does the DAG processor run? see its import errors"
        yield faulty("DAGs", f"Airflow does not show {', '.join(missing)}", step)
    elif wanted:
        yield ok("DAGs", f"Airflow shows {', '.join(sorted(wanted))}")
    yield from _pools(pools)


def _known(wanted: set[str]) -> tuple[set[str], dict[str, tuple[int, bool]]] | None:
    """Read which DAGs Airflow shows, and slots and `include_deferred` of our pools; None without its database."""
    from airflow.models.dag import DagModel
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with create_session() as session:
            shown = select(DagModel.dag_id).where(DagModel.dag_id.in_(wanted), DagModel.is_stale.is_(False))
            dags = set(session.scalars(shown))
            rows = session.execute(select(Pool.pool, Pool.slots, Pool.include_deferred)).all()
    except (SQLAlchemyError, RuntimeError):  # RuntimeError: Airflow keeps a task from its database
        return None
    return dags, {name: (slots, deferred) for name, slots, deferred in rows if name and pool_of(name)}


def _pools(pools: dict[str, tuple[int, bool]]) -> Iterator[Line]:
    """Say which pools of ours were changed so that they do not bound agents any more."""
    good = True
    for name, (slots, deferred) in sorted(pools.items()):
        pool = pool_of(name)
        if not deferred:
            good = False
            step = f"airflow pools set {name} {slots} phaseplan --include-deferred"
            yield broken("pools", f"{name} does not count deferred tasks: it bounds no agent", step)
        elif pool is not None and slots < 1:
            good = False
            yield broken(
                "pools", f"{name} has {slots} slots: no agent starts", f"give it {pool.slots} under Admin, Pools"
            )
    if good:
        yield ok(
            "pools",
            ", ".join(f"{name}: {slots}" for name, (slots, _) in sorted(pools.items()))
            or "none yet: made when a phase first runs",
        )
