"""Make a SQLite database in which Airflow never gives a trigger the number of an earlier one.

Airflow's table of triggers reuses the highest number as soon as its row is deleted. A triggerer asks once a second;
when a task is marked failed and another defers within that second, the new trigger gets the number of the dead one:
the dead one is never cancelled (its `on_kill` never runs) and the new one never starts, so its task stays deferred
for ever. Seen on Airflow 3.3.2; PostgreSQL and MySQL count on by themselves.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from phaseplan.errors import Bug

_PLAIN = "id INTEGER NOT NULL"
_KEY = "CONSTRAINT trigger_pkey PRIMARY KEY (id),"
_COUNTING = "id INTEGER NOT NULL CONSTRAINT trigger_pkey PRIMARY KEY AUTOINCREMENT"


def count_triggers_on(database: Path) -> None:
    """Rebuild the empty table of triggers with numbers that are never used twice. A second call changes nothing.

    :raises Bug: this Airflow's table looks different, or holds rows.
    """
    with sqlite3.connect(database, isolation_level=None) as db:
        parts = db.execute(
            "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'trigger' AND sql IS NOT NULL"
        ).fetchall()
        table = next((sql for kind, sql in parts if kind == "table"), "")
        if "AUTOINCREMENT" in table:
            return
        if _PLAIN not in table or _KEY not in table or db.execute('SELECT 1 FROM "trigger"').fetchone():
            raise Bug("Airflow's table of triggers is not the one Phaseplan knows: was Airflow upgraded?")
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("BEGIN")
        db.execute('DROP TABLE "trigger"')
        db.execute(table.replace(_PLAIN, _COUNTING).replace(_KEY, ""))
        for sql in (sql for kind, sql in parts if kind == "index"):
            db.execute(sql)
        db.execute("COMMIT")
    db.close()
