"""The database as it was: all rows are kept once, and put back after whatever a press has changed.

They are read and written below the models, as a backup does: nobody acts for an account here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, create_engine, insert, select

from config import database

Rows = dict[str, list[dict[str, Any]]]
KEPT = "sessions"  # who is signed in stays so: the browser goes on with the token it has


class Tables:
    """All tables of the database at this address."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(database(url))
        known = MetaData()
        known.reflect(self.engine)
        self.tables = [table for table in known.sorted_tables if table.name != "alembic_version"]

    def keep(self) -> Rows:
        with self.engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in self.tables
            }

    def put_back(self, rows: Rows) -> None:
        now = self.keep()
        known = {row["id"] for row in rows[KEPT]}
        later = [row for row in now[KEPT] if row["id"] not in known]
        with self.engine.begin() as connection:
            for table in reversed(self.tables):
                if now[table.name]:
                    connection.execute(table.delete())
            for table in self.tables:
                wanted = rows[table.name] + (later if table.name == KEPT else [])
                if wanted:
                    connection.execute(insert(table), wanted)
