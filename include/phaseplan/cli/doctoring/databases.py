"""Look whether what a killed scheduler has locked in Airflow's database is free again for the next one."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.cli.doctoring.lines import Line, advice, not_seen, ok


def locks() -> Iterator[Line]:
    """Look at the database's patience with transactions in which nothing happens.

    Only PostgreSQL below a LocalExecutor has the fault: the executor's workers are forks that inherit the scheduler's
    connections, so the server does not see that the scheduler was killed as long as one of them lives.
    """
    from airflow.configuration import conf
    from airflow.utils.session import create_session
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    executor = conf.get("core", "executor")
    try:
        with create_session() as session:
            kind = session.get_bind().dialect.name
            if kind != "postgresql" or "LocalExecutor" not in executor:
                yield ok("database", f"{kind}, tasks by {executor}")
                return
            name, patience = session.execute(
                text("SELECT current_database(), current_setting('idle_in_transaction_session_timeout')")
            ).one()
    except (SQLAlchemyError, RuntimeError):  # RuntimeError: Airflow keeps a task from its database
        yield not_seen("database", "Airflow's database is not reachable from here, as on a worker")
        return
    if patience == "0":
        words = "postgresql keeps what a killed scheduler has locked while a worker of it lives: these runs stand still"
        step = f"ALTER DATABASE \"{name}\" SET idle_in_transaction_session_timeout = '60s'; then restart the scheduler"
        yield advice("database", words, step)
    else:
        yield ok("database", f"postgresql, which ends a transaction in which nothing happens after {patience}")
