"""Adding tags along the way, as creating a registration and building a launch link can."""

import sqlite3
from collections.abc import Mapping

from sandbox.scorm_cloud.learners import tag_learner
from sandbox.scorm_cloud.tags import merged


def add_tags(
    db: sqlite3.Connection, registration: sqlite3.Row, tags: Mapping[str, list[str]]
) -> None:
    """Add tags to a registration (a row with app, id, course and learner), its course, learner."""
    app = registration["app"]
    for table, owner, kind in (
        ("courses", registration["course"], "course"),
        ("registrations", registration["id"], "registration"),
    ):
        if tags[kind]:
            old = db.execute(
                f"SELECT tags FROM {table} WHERE app = ? AND id = ?", (app, owner)
            ).fetchone()
            db.execute(
                f"UPDATE {table} SET tags = ? WHERE app = ? AND id = ?",
                (merged(old["tags"], tags[kind]), app, owner),
            )
    tag_learner(db, app, registration["learner"], tags["learner"])
