"""The copy of contacts and records that search looks into.

Like the CRM's, it may lag behind: while ``search_lag_s`` is set, a write shows up only later, and
until then search answers from the older state.
"""

import json
import sqlite3

from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import Doc


def note(crm: Crm, db: sqlite3.Connection, kind: str, location: str, doc: Doc) -> None:
    """A contact or record was written."""
    _later(crm, db, kind, location, doc["id"], json.dumps(doc))


def forget(crm: Crm, db: sqlite3.Connection, kind: str, location: str, id: str) -> None:
    """A contact or record was deleted."""
    _later(crm, db, kind, location, id, None)


def documents(crm: Crm, db: sqlite3.Connection, kind: str, location: str) -> list[Doc]:
    """What search can see now, oldest first."""
    _catch_up(crm, db)
    rows = db.execute(
        "SELECT doc FROM search_index WHERE kind = ? AND location_id = ? ORDER BY rowid",
        (kind, location),
    )
    return [json.loads(row["doc"]) for row in rows.fetchall()]


def fill(db: sqlite3.Connection, kind: str, location: str, doc: Doc) -> None:
    """Put a document into the index at once (the first data of a new sandbox)."""
    db.execute(
        "INSERT INTO search_index VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc",
        (kind, doc["id"], location, json.dumps(doc)),
    )


def _later(
    crm: Crm, db: sqlite3.Connection, kind: str, location: str, id: str, doc: str | None
) -> None:
    visible_at = crm.clock.timestamp() + crm.faults.get()["search_lag_s"]
    db.execute(
        "INSERT INTO search_pending (visible_at, kind, id, location_id, doc)"
        " VALUES (?, ?, ?, ?, ?)",
        (visible_at, kind, id, location, doc),
    )


def _catch_up(crm: Crm, db: sqlite3.Connection) -> None:
    now = crm.clock.timestamp()
    due = db.execute(
        "SELECT * FROM search_pending WHERE visible_at <= ? ORDER BY seq", (now,)
    ).fetchall()
    for row in due:
        if row["doc"] is None:
            db.execute(
                "DELETE FROM search_index WHERE kind = ? AND id = ?", (row["kind"], row["id"])
            )
        else:
            fill(db, row["kind"], row["location_id"], json.loads(row["doc"]))
    db.execute("DELETE FROM search_pending WHERE visible_at <= ?", (now,))
