"""What is numbered from zero and whose newest counts: versions of a course, instances of a
registration. Deleting the newest makes the one before it count; deleting the last one deletes all.
"""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """The table of the numbered rows, and the column of its owner that holds the newest number."""

    table: str
    owner: str
    number: str
    owners: str
    newest: str

    def drop(self, db: sqlite3.Connection, app: str, owner: str, number: int) -> bool:
        """Delete one of them; False if it was the last, so that its owner has to go as well."""
        db.execute(
            f"DELETE FROM {self.table} WHERE app = ? AND {self.owner} = ? AND {self.number} = ?",
            (app, owner, number),
        )
        newest = db.execute(
            f"SELECT max({self.number}) FROM {self.table} WHERE app = ? AND {self.owner} = ?",
            (app, owner),
        ).fetchone()[0]
        if newest is not None:
            db.execute(
                f"UPDATE {self.owners} SET {self.newest} = ? WHERE app = ? AND id = ?",
                (newest, app, owner),
            )
        return newest is not None


VERSIONS = Series("course_versions", "course", "version", "courses", "newest")
INSTANCES = Series("instances", "registration", "instance", "registrations", "current")
