"""The instances of a registration: one per fresh start, the newest being the present one."""

import sqlite3
import uuid

from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.settings import Owner, effective


def add_instance(
    cloud: Cloud,
    db: sqlite3.Connection,
    app: str,
    registration: str,
    instance: int,
    version: int,
    xapi_id: str | None = None,
) -> None:
    """Begin an instance of a registration on one version of its course."""
    now = cloud.now()
    db.execute(
        "INSERT INTO instances (app, registration, instance, course_version, xapi_id, created,"
        " updated) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (app, registration, instance, version, xapi_id or str(uuid.uuid4()), now, now),
    )


def start_over(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str) -> None:
    """A further instance on the newest course version; the old ones stay readable."""
    row = _present(db, app, registration)
    add_instance(cloud, db, app, registration, row["current"] + 1, row["newest"])
    db.execute(
        "UPDATE registrations SET current = current + 1 WHERE app = ? AND id = ?",
        (app, registration),
    )


def wipe(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str) -> None:
    """Reset progress: runtime state and launch history go, the newest course version comes."""
    row = _present(db, app, registration)
    db.execute(
        "DELETE FROM instances WHERE app = ? AND registration = ? AND instance = ?",
        (app, registration, row["current"]),
    )
    add_instance(cloud, db, app, registration, row["current"], row["newest"], row["xapi_id"])


def restart_if_due(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str) -> None:
    """At a launch: start over if WhenToRestartRegistration says so."""
    row = db.execute(_PRESENT, (app, registration)).fetchone()
    if row is None:
        return
    owner = Owner(app, row["course"], row["course_version"], registration, row["instance"])
    (rule,) = effective(db, owner, ["WhenToRestartRegistration"])
    if _restart_due(rule, row):
        start_over(cloud, db, app, registration)


def _restart_due(rule: str, row: sqlite3.Row) -> bool:
    newer = row["newest"] > row["course_version"]
    if rule == "NEVER":
        return False
    if rule == "WHEN_NEWER_PACKAGE_VERSION_EXISTS":
        return bool(newer)
    if rule.endswith("_AND_NEWER_PACKAGE_VERSION_EXISTS") and not newer:
        return False
    state = rule.removeprefix("WHEN_EXISTING_REG_IS_").partition("_")[0]
    return bool(
        {
            "COMPLETE": row["completion"] == "COMPLETED",
            "INCOMPLETE": row["completion"] == "INCOMPLETE",
            "SATISFIED": row["success"] == "PASSED",
            "FAILED": row["success"] == "FAILED",
        }[state]
    )


_PRESENT = (
    "SELECT r.course, r.current, c.newest, i.* FROM registrations r"
    " JOIN courses c ON c.app = r.app AND c.id = r.course"
    " JOIN instances i ON i.app = r.app AND i.registration = r.id AND i.instance = r.current"
    " WHERE r.app = ? AND r.id = ?"
)


def _present(db: sqlite3.Connection, app: str, registration: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(_PRESENT, (app, registration)).fetchone()
    if row is None:
        raise KeyError(registration)
    return row
