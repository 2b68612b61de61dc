"""Reading and writing the CRM's documents: a table of JSON per noun, always within one location.

Every look-up names the location, so an id of another location is simply not found.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

Doc = dict[str, Any]


class Documents:
    """One noun's table. ``where`` arguments are the computed columns of `schema.py`."""

    def __init__(self, table: str) -> None:
        self.table = table

    def get(self, db: sqlite3.Connection, location: str, id: str) -> Doc | None:
        row = db.execute(
            f"SELECT doc FROM {self.table} WHERE id = ? AND location_id = ?", (id, location)
        ).fetchone()
        return json.loads(row["doc"]) if row else None

    def list(self, db: sqlite3.Connection, location: str, **where: str) -> list[Doc]:
        """All of a location in the order they were made."""
        tests = "".join(f" AND {column} = ?" for column in where)
        rows = db.execute(
            f"SELECT doc FROM {self.table} WHERE location_id = ?{tests} ORDER BY seq",
            (location, *where.values()),
        )
        return [json.loads(row["doc"]) for row in rows.fetchall()]

    def first(self, db: sqlite3.Connection, location: str, **where: str) -> Doc | None:
        found = self.list(db, location, **where)
        return found[0] if found else None

    def add(self, db: sqlite3.Connection, location: str, doc: Doc) -> Doc:
        db.execute(
            f"INSERT INTO {self.table} (id, location_id, doc) VALUES (?, ?, ?)",
            (doc["id"], location, json.dumps(doc)),
        )
        return doc

    def change(self, db: sqlite3.Connection, doc: Doc, **changes: Any) -> Doc:
        changed = {**doc, **changes}
        db.execute(
            f"UPDATE {self.table} SET doc = ? WHERE id = ?", (json.dumps(changed), doc["id"])
        )
        return changed

    def remove(self, db: sqlite3.Connection, location: str, **where: str) -> int:
        """Delete what matches; how many there were."""
        tests = "".join(f" AND {column} = ?" for column in where)
        return db.execute(
            f"DELETE FROM {self.table} WHERE location_id = ?{tests}", (location, *where.values())
        ).rowcount

    def count(self, db: sqlite3.Connection, location: str) -> int:
        row = db.execute(
            f"SELECT count(*) AS n FROM {self.table} WHERE location_id = ?", (location,)
        ).fetchone()
        return int(row["n"])


AGENCY = ""  # the "location" of what belongs to the agency itself

locations = Documents("locations")
users = Documents("users")
contacts = Documents("contacts")
notes = Documents("notes")
tasks = Documents("tasks")
businesses = Documents("businesses")
tags = Documents("tags")
contact_fields = Documents("contact_fields")
custom_values = Documents("custom_values")
object_schemas = Documents("object_schemas")
object_fields = Documents("object_fields")
field_folders = Documents("field_folders")
records = Documents("records")
associations = Documents("associations")
relations = Documents("relations")
workflows = Documents("workflows")
workflow_entries = Documents("workflow_entries")
custom_menus = Documents("custom_menus")
charges = Documents("charges")
conversations = Documents("conversations")
messages = Documents("messages")
trigger_firings = Documents("trigger_firings")


def without(doc: Mapping[str, Any], *names: str) -> Doc:
    """The document less some of its keys."""
    return {name: value for name, value in doc.items() if name not in names}
