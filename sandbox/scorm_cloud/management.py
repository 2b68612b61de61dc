"""Managing applications and their credentials, for the identity that may do only that.

An application's first secret key is part of it and is listed as the credential named by
``FIRST``; it stays as it is. Keys added later can be renamed, switched off and deleted.
"""

import secrets
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.paging import Listing, answer_page
from sandbox.scorm_cloud.query import body, flag

management = Blueprint("management", __name__, url_prefix="/appManagement")

FIRST = "first"
_UPDATED = "coalesce(u.updated, a.created)"
LISTING = Listing(
    name="applications",
    select=f"SELECT a.*, {_UPDATED} AS updated FROM applications a"
    " LEFT JOIN application_updates u ON u.app = a.id",
    where="a.id != ''",
    id="a.id",
    dates={"created": "a.created", "updated": _UPDATED},
    default_date="updated",
    orders={"created": "a.created", "updated": _UPDATED, "name": "a.name"},
    filters={"id": "a.id", "name": "a.name"},
    default_filter="name",
    tags="'[]'",
)


@management.get("/applicationList")
def list_applications() -> ResponseReturnValue:
    return answer_page("applications", LISTING, (), _application)


@management.get("/applications")
def list_all() -> ResponseReturnValue:
    """The deprecated list: every application at once, with nothing but its name."""
    with the_cloud().store.read() as db:
        rows = db.execute("SELECT id, name FROM applications ORDER BY id").fetchall()
    return jsonify(applications=[dict(row) for row in rows])


@management.post("/applications")
def create_application() -> ResponseReturnValue:
    name, cloud = _name(body()), the_cloud()
    app = secrets.token_hex(5).upper()
    with cloud.store.write() as db:
        db.execute(
            "INSERT INTO applications (id, secret, name, created, allow_delete)"
            " VALUES (?, ?, ?, ?, 0)",
            (app, secrets.token_urlsafe(30), name, cloud.now()),
        )
        cloud.ledger.applied(db, "application_created", None, app)
    return jsonify(id=app, name=name)


@management.get("/applications/<app>")
def get_application(app: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.read() as db:
        return jsonify(_application(cloud, db, _found(db, app), request.args))


@management.put("/applications/<app>")
def update_application(app: str) -> ResponseReturnValue:
    sent, cloud = body(), the_cloud()
    with cloud.store.write() as db:
        row = _found(db, app)
        allow = sent.get("allowDelete", bool(row["allow_delete"]))
        if not isinstance(allow, bool):
            raise ApiError(400, "Bad request: allowDelete must be true or false.")
        name = _name({"name": row["name"], **sent})
        db.execute(
            "UPDATE applications SET name = ?, allow_delete = ? WHERE id = ?", (name, allow, app)
        )
        db.execute("INSERT OR REPLACE INTO application_updates VALUES (?, ?)", (app, cloud.now()))
        cloud.ledger.applied(db, "application_updated", None, app)
    return "", 204


@management.delete("/applications/<app>")
def delete_application(app: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        _found(db, app)
        if db.execute("SELECT 1 FROM courses WHERE app = ? LIMIT 1", (app,)).fetchone():
            raise ApiError(409, f"Application [{app}] still has content.")
        for table in ("settings", "learner_tags", "application_updates"):
            db.execute(f"DELETE FROM {table} WHERE app = ?", (app,))
        db.execute("DELETE FROM applications WHERE id = ?", (app,))
        cloud.ledger.applied(db, "application_deleted", None, app)
    return "", 204


@management.get("/<app>/credentials")
def list_credentials(app: str) -> ResponseReturnValue:
    with the_cloud().store.read() as db:
        row = _found(db, app)
        rows = db.execute("SELECT * FROM credentials WHERE app = ? ORDER BY rowid", (app,))
        first = {
            "id": FIRST,
            "name": "First key",
            "secret": row["secret"],
            "active": True,
            "created": row["created"],
            "updated": row["created"],
        }
        return jsonify(credentials=[_credential(each) for each in (first, *map(dict, rows))])


@management.post("/<app>/credentials")
def create_credential(app: str) -> ResponseReturnValue:
    sent, cloud = body(), the_cloud()
    made = {
        "id": str(uuid.uuid4()),
        "app": app,
        "name": _name(sent),
        "secret": secrets.token_urlsafe(30),
        "active": _active(sent, True),
        "created": cloud.now(),
        "updated": cloud.now(),
    }
    with cloud.store.write() as db:
        _found(db, app)
        db.execute(
            "INSERT INTO credentials VALUES"
            " (:id, :app, :name, :secret, :active, :created, :updated)",
            made,
        )
        cloud.ledger.applied(db, "credential_created", None, made["id"])
    return jsonify(_credential(made))


@management.put("/<app>/credentials/<credential>")
def update_credential(app: str, credential: str) -> ResponseReturnValue:
    sent, cloud = body(), the_cloud()
    with cloud.store.write() as db:
        row = _found_credential(db, app, credential)
        db.execute(
            "UPDATE credentials SET name = ?, active = ?, updated = ? WHERE id = ?",
            (
                _name({"name": row["name"], **sent}),
                _active(sent, bool(row["active"])),
                cloud.now(),
                credential,
            ),
        )
        cloud.ledger.applied(db, "credential_updated", None, credential)
    return "", 204


@management.delete("/<app>/credentials/<credential>")
def delete_credential(app: str, credential: str) -> ResponseReturnValue:
    cloud = the_cloud()
    with cloud.store.write() as db:
        _found_credential(db, app, credential)
        db.execute("DELETE FROM credentials WHERE id = ?", (credential,))
        cloud.ledger.applied(db, "credential_deleted", None, credential)
    return "", 204


def _found(db: sqlite3.Connection, app: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(f"{LISTING.select} WHERE a.id = ?", (app,)).fetchone()
    if row is None:
        raise ApiError(404, f"Could not find application [{app}]")
    return row


def _found_credential(db: sqlite3.Connection, app: str, credential: str) -> sqlite3.Row:
    _found(db, app)
    if credential == FIRST:
        raise ApiError(400, "Bad request: the first key of an application cannot be changed.")
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM credentials WHERE app = ? AND id = ?", (app, credential)
    ).fetchone()
    if row is None:
        raise ApiError(404, f"Could not find credential [{credential}]")
    return row


def _application(
    cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, args: Mapping[str, str]
) -> dict[str, Any]:
    """The ApplicationInfo of a row, with the counts that were asked for."""
    shown: dict[str, Any] = {
        "id": row["id"],
        "name": row["name"],
        "createDate": row["created"],
        "updateDate": row["updated"],
        "allowDelete": bool(row["allow_delete"]),
    }
    for parameter, name, table in (
        ("includeCourseCount", "courseCount", "courses"),
        ("includeRegistrationCount", "registrationCount", "registrations"),
    ):
        if flag(args, parameter):
            shown[name] = db.execute(
                f"SELECT count(*) FROM {table} WHERE app = ?", (row["id"],)
            ).fetchone()[0]
    return shown


def _credential(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "credential": row["secret"],
        "status": "active" if row["active"] else "inactive",
        "created": row["created"],
        "updated": row["updated"],
    }


def _name(sent: Mapping[str, Any]) -> str:
    name = sent.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "Bad request: name is required.")
    return name


def _active(sent: Mapping[str, Any], default: bool) -> bool:
    active = sent.get("active")
    if active is None:
        return default
    if not isinstance(active, bool):
        raise ApiError(400, "Bad request: active must be true or false.")
    return active
